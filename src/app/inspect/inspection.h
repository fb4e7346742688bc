#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/json.h"
#include "io/latents/latent_listing.h"
#include "io/latents/latent_store.h"

namespace orrery {

// Statistics of the finite values (all 0 when there are none), and the numbers of NaNs and infinities.
struct ValueStatistics {
  double min = 0;
  double max = 0;
  double mean = 0;
  double deviation = 0;  // population standard deviation
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
};

// Statistics of each channel of an array [1, C, …]. Throws Error for another shape.
std::vector<ValueStatistics> channel_statistics(const FloatArray& array);

// Statistics of all values together.
ValueStatistics statistics_of(const FloatArray& array);

// Everything that inspect reports about one latent file.
struct Inspection {
  std::filesystem::path path;
  std::int64_t file_bytes = 0;
  LatentFile content;  // without the values of latents and sampler history
  std::string latent_checksum;
  std::vector<StoredDataset> datasets;
  ValueStatistics all_video;
  Streams<std::vector<ValueStatistics>> channels;  // of each stream's latents
  std::int64_t not_finite = 0;                     // number of values in all latents that are not finite
};

// Reads the whole file. Throws InputError that names it.
Inspection inspect_file(const std::filesystem::path& path);

// "complete", or "running, step 12 of 35".
std::string state_text(const Inspection& inspection);

Json to_json(const Inspection& inspection);

// The inspection of one file as a page of text.
std::string page_of(const Inspection& inspection);

// A table with one line for each file.
std::string table_of(const std::vector<Inspection>& inspections);

}  // namespace orrery
