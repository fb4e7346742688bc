// A latent file, finished or not, as all commands read it.
#include "fuzz.h"
#include "io/latents/latent_listing.h"
#include "io/latents/latent_store.h"

using namespace orrery;

namespace {

// Reading takes at most four times what is read, beside what HDF5 itself needs and as much as the file's structure.
constexpr std::int64_t kOwnBytes = std::int64_t{8} << 20;
constexpr std::int64_t kTimes = 4;

std::int64_t bytes_of(const LatentFile& file) {
  const auto floats = [](const FloatArray& array) { return 4 * static_cast<std::int64_t>(array.values.size()); };
  std::int64_t bytes = 0;
  for (const auto& [stream, latents] : file.latents) bytes += floats(latents);
  for (const auto& [stream, given] : file.condition) bytes += floats(given);
  if (file.running) {
    for (const auto& [stream, history] : file.running->histories) {
      bytes += floats(history.last_sample) + floats(history.model_output_0) + floats(history.model_output_1);
    }
  }
  return bytes + 8 * static_cast<std::int64_t>(file.cond_ids.size() + file.uncond_ids.size() + file.sigmas.size());
}

void read_all(const std::filesystem::path& path, std::size_t size) {
  const fuzz::HeapPeak peak;
  const LatentFile file = read_latents(path);
  const std::int64_t most = kOwnBytes + kTimes * (bytes_of(file) + static_cast<std::int64_t>(size));
  fuzz::check(peak.bytes() <= most,
              std::to_string(peak.bytes()) + " bytes of memory, expected " + std::to_string(most));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::filesystem::path file = folder.write("a.h5", fuzz::bytes(data, size));
  fuzz::accepts(file.string(), [&] { list_datasets(file); });
  fuzz::accepts(file.string(), [&] { read_latent_header(file); });
  fuzz::accepts(file.string(), [&] { stored_checksum(file); });
  fuzz::accepts(file.string(), [&] { read_all(file, size); });
  return 0;
}
