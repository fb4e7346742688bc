#include "io/latents/latent_store.h"

#include <fmt/format.h>

#include "base/core/file_content.h"

namespace orrery {
namespace {

std::string values_checksum(const FloatArray& array) {
  return checksum(array.values.data(), array.values.size() * sizeof(float));
}

}  // namespace

std::string latents_checksum(const LatentFile& file) {
  std::string each;
  for (const ListedChunk& chunk : file.chunks) each += chunk.latents;
  if (!each.empty()) return checksum(each.data(), each.size());
  for (const auto& [stream, latents] : file.latents) each += values_checksum(latents);
  return file.latents.size() == 1 ? each : checksum(each.data(), each.size());
}

std::string stored_checksum(const std::filesystem::path& path) {
  const std::string recorded = read_latent_header(path).checksum;
  return recorded.empty() ? latents_checksum(read_latents(path)) : recorded;
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace orrery
