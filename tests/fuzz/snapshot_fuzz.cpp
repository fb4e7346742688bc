// A snapshot: a latent file that is not finished, and the sampler's state in it as tensors.
#include "fuzz.h"
#include "pipeline/snapshot.h"

using namespace orrery;

namespace {

// The shape of the clip that the file says it is of. A clip of another shape refuses the snapshot for that alone.
MediaShape shape_of(const LatentFile& file) {
  MediaShape shape;
  shape.video.assign(file.video.shape.begin() + 1, file.video.shape.end());
  if (file.sound) shape.sound_steps = file.sound->shape.back();
  if (file.condition) shape.condition_frames = {0};
  return shape;
}

void resume(const LatentFile& file) {
  const std::int64_t sound_dim = file.sound ? file.sound->shape[1] : 0;
  const DenoiseState state = state_of(file, shape_of(file), sound_dim);
  fuzz::check(state.latents.video.numel() == static_cast<std::int64_t>(file.video.values.size()), "other latents");
  fuzz::check(state.latents.has_sound() == file.sound.has_value(), "sound from nowhere");
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
