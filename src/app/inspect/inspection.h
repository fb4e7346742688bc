#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/json.h"
#include "io/latents/latent_listing.h"
#include "io/latents/latent_store.h"

namespace orrery {

// Statistics of the finite values, all 0 when there are none, and the numbers of the other values.
struct ValueStatistics {
  double min = 0;
  double max = 0;
  double mean = 0;
  double deviation = 0;  // standard deviation, of all values
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
};

// One for each channel of an array [1, C, …]. Throws Error for another shape.
std::vector<ValueStatistics> channel_statistics(const FloatArray& array);

// Statistics of all values together.
ValueStatistics statistics_of(const FloatArray& array);

// All that can be said of one latent file.
struct Inspection {
  std::filesystem::path path;
  std::int64_t file_bytes = 0;
  LatentFile content;  // its latents and the sampler's history without their values
  std::string latent_checksum;
  std::vector<StoredDataset> datasets;
  ValueStatistics all_video;
  Streams<std::vector<ValueStatistics>> channels;  // of each stream's latents
  std::int64_t not_finite = 0;                     // values of all latents
};

// Reads all of the file. Throws InputError that names it.
Inspection inspect_file(const std::filesystem::path& path);

// "complete", or "running, step 12 of 35".
std::string state_text(const Inspection& inspection);

Json to_json(const Inspection& inspection);

// A page for people.
std::string page_of(const Inspection& inspection);

// A table with a line a file.
std::string table_of(const std::vector<Inspection>& inspections);

}  // namespace orrery
