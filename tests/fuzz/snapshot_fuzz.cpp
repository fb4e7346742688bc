// A snapshot: a latent file that is not finished, and the sampler's state in it as tensors.
#include "fuzz.h"
#include "pipeline/snapshot.h"

using namespace orrery;

namespace {

// The shape of the clip that the file says it is of. A clip of another shape refuses the snapshot for that alone.
MediaShape shape_of(const LatentFile& file) {
  MediaShape shape;
  for (const auto& [stream, latents] : file.latents) {
    shape.streams[stream].extents.assign(latents.shape.begin() + 1, latents.shape.end());
    if (file.condition.contains(stream)) shape.streams[stream].given = {0};
  }
  return shape;
}

// The request that such a snapshot may be of.
Request request_of(const LatentFile& file) {
  Request request;
  if (file.running && !file.running->cache.empty()) request.step_cache = {0.25, 2, 1};
  return request;
}

void resume(const LatentFile& file) {
  const DenoiseState state = state_of(file, request_of(file), shape_of(file));
  fuzz::check(state.latents.size() == file.latents.size(), "a stream from nowhere");
  for (const auto& [stream, latents] : state.latents) {
    fuzz::check(latents.numel() == static_cast<std::int64_t>(file.latents.at(stream).values.size()), "other latents");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::filesystem::path path = folder.write("a.h5", fuzz::bytes(data, size));
  LatentFile file;
  if (!fuzz::accepts(path.string(), [&] { file = read_latents(path); })) return 0;
  fuzz::accepts("", [&] { resume(file); });
  return 0;
}
