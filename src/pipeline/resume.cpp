#include "pipeline/resume.h"

#include <c10/util/accumulate.h>

#include "base/core/json.h"
#include "pipeline/arrays.h"
#include "pipeline/cache_state.h"
#include "pipeline/root_work.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

using Shape = std::vector<std::int64_t>;

// A tensor of a resumed clip and the shape that it has, or will have.
struct Part {
  at::Tensor* tensor;
  Shape shape;
};

void add_sampler(std::vector<Part>& parts, UniPcState& state, const Shape& shape) {
  parts.push_back({&state.last_sample, shape});
  parts.push_back({&state.model_output_1, shape});
  if (state.step >= 2) parts.push_back({&state.model_output_0, shape});
}

// Everything that a clip consists of after the steps that it has made, in one order on all ranks.
std::vector<Part> parts_of(ResumedClip& clip, const MediaShape& shape, std::int64_t sound_dim) {
  std::vector<Part> parts{{&clip.state.latents.video, shape.video}};
  add_sampler(parts, clip.state.video, shape.video);
  if (shape.sound_steps > 0) {
    const Shape sound{sound_dim, shape.sound_steps};
    parts.push_back({&clip.state.latents.sound, sound});
    add_sampler(parts, clip.state.sound, sound);
  }
  for (const CacheTensor& part : tensors_of(clip.state.cache)) {
    parts.push_back({part.tensor, part.stream == 0 ? shape.video : Shape{sound_dim, shape.sound_steps}});
  }
  if (!shape.condition_frames.empty()) {
    Shape given = shape.video;
    given[1] = std::ssize(shape.condition_frames);
    parts.push_back({&clip.condition, given});
  }
  return parts;
}

ResumedClip read_clip(const std::filesystem::path& path, const MediaShape& shape, std::int64_t sound_dim) {
  const LatentFile file = read_latents(path);
  try {
    ResumedClip clip{state_of(file, shape, sound_dim), {}, file.inputs, file.model};
    if (!shape.condition_frames.empty()) clip.condition = to_tensor(*file.condition).squeeze(0);
    return clip;
  } catch (const InputError& e) {
    throw InputError(path.string() + ": " + e.what());
  }
}

at::Tensor flattened(const std::vector<Part>& parts) {
  std::vector<at::Tensor> flat;
  for (const Part& part : parts) flat.push_back(part.tensor->reshape({-1}));
  return at::cat(flat);
}

// Each part gets memory of its own, aligned as the tensors of an uninterrupted run are: libraries may round otherwise.
void unflatten(const at::Tensor& flat, const std::vector<Part>& parts, at::Device device) {
  std::int64_t begin = 0;
  for (const Part& part : parts) {
    const std::int64_t size = c10::multiply_integers(part.shape);
    *part.tensor =
        flat.narrow(0, begin, size).view(part.shape).to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    begin += size;
  }
}

}  // namespace

ResumedClip share_snapshot(const Comm& world, const std::filesystem::path& path, const MediaShape& shape,
                           std::int64_t sound_dim, at::Device device) {
  ResumedClip clip;
  on_root(world, [&] { clip = read_clip(path, shape, sound_dim); });
  clip.state.video.step = world.from_root([&] { return clip.state.steps_done(); });
  if (shape.sound_steps > 0) clip.state.sound.step = clip.state.video.step;
  const std::string counts = world.from_root([&] { return cache_counts(clip.state.cache); });
  if (!world.is_root()) clip.state.cache = cache_of(counts, shape.sound_steps > 0 ? 2 : 1);
  const std::vector<Part> parts = parts_of(clip, shape, sound_dim);
  at::Tensor flat;
  on_root(world, [&] { flat = flattened(parts); });
  unflatten(share_from_root(world, flat), parts, device);
  return clip;
}

}  // namespace orrery
