// Usage: fuzz_own_latents FOLDER. Writes small latent files and snapshots as the program does: the seeds that no other
// writer makes.
#include <filesystem>
#include <numeric>
#include <utility>

#include "io/latents/latent_store.h"

using namespace orrery;

namespace {

FloatArray array(std::vector<std::int64_t> shape) {
  const auto count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  FloatArray result{std::move(shape), std::vector<float>(static_cast<std::size_t>(count))};
  std::iota(result.values.begin(), result.values.end(), -1.0F);
  return result;
}

SamplerHistory history(const std::vector<std::int64_t>& shape) {
  return {array(shape), array(shape), array(shape), 2, 2};
}

LatentFile finished() {
  LatentFile file;
  file.request = R"({"id":"a","prompt":"a cat"})";
  file.model = R"({"fingerprint":"00ff"})";
  file.software = "orrery";
  file.created = "2026-01-02T03:04:05Z";
  file.latents[Stream::Video] = array({1, 2, 2, 2, 2});
  file.cond_ids = {1, 2};
  file.uncond_ids = {3};
  file.sigmas = {0.9F, 0.6F, 0.3F, 0};
  file.timesteps = {900, 600, 300};
  return file;
}

LatentFile sounding() {
  LatentFile file = finished();
  file.latents[Stream::Sound] = array({1, 2, 4});
  file.inputs = R"({"image":"0011"})";
  file.condition[Stream::Video] = array({1, 2, 1, 2, 2});
  return file;
}

LatentFile stopped(LatentFile file) {
  file.state = LatentFile::State::Running;
  file.running = RunningState{2, {}};
  for (const auto& [stream, latents] : file.latents) file.running->histories[stream] = history(latents.shape);
  return file;
}

// After two steps with a step cache: both branches were computed in the first and left out in the second.
LatentFile cached(LatentFile file) {
  RunningState& running = *file.running;
  running.cache = R"({"computed": [0], "branches": [{"change": 0.1, "skips": 1, "steps": [0]},
                                                    {"change": 0.1, "skips": 1, "steps": [0]}]})";
  for (const char* branch : {"0", "1"}) {
    running.cache_arrays[std::string(branch) + "/indicator"] = file.latents.at(Stream::Video);
    running.cache_arrays[std::string(branch) + "/0/video"] = file.latents.at(Stream::Video);
  }
  return file;
}

}  // namespace

int main(int, char** arguments) {
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder / "latents");
  std::filesystem::create_directories(folder / "snapshot");
  write_latents(folder / "latents" / "finished.h5", finished());
  write_latents(folder / "latents" / "sounding.h5", sounding());
  for (const char* target : {"latents", "snapshot"}) {
    write_latents(folder / target / "stopped.h5", stopped(finished()));
    write_latents(folder / target / "sounding_stopped.h5", stopped(sounding()));
    write_latents(folder / target / "cached_stopped.h5", cached(stopped(finished())));
  }
}
