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
std::vector<Part> parts_of(ResumedClip& clip, const MediaShape& shape) {
  std::vector<Part> parts;
  for (const auto& [stream, own] : shape.streams) {
    parts.push_back({&clip.state.latents[stream], own.extents});
    add_sampler(parts, clip.state.samplers.at(stream), own.extents);
    if (!own.given.empty()) parts.push_back({&clip.conditions[stream].latents, own.given_extents()});
  }
  for (const CacheTensor& part : tensors_of(clip.state.cache)) {
    parts.push_back({part.tensor, shape.extents(part.stream)});
  }
  return parts;
}

ResumedClip read_clip(const std::filesystem::path& path, const Request& request, const MediaShape& shape) {
  const LatentFile file = read_latents(path);
  try {
    ResumedClip clip{state_of(file, request, shape), {}, file.inputs, file.model};
    for (const auto& [stream, own] : shape.streams) {
      if (!own.given.empty()) clip.conditions[stream] = {own.given, to_tensor(file.condition.at(stream)).squeeze(0)};
    }
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

ResumedClip share_snapshot(const Comm& world, const std::filesystem::path& path, const Request& request,
                           const MediaShape& shape, at::Device device) {
  ResumedClip clip;
  on_root(world, [&] { clip = read_clip(path, request, shape); });
  const std::int64_t steps_done = world.from_root([&] { return clip.state.steps_done(); });
  for (const auto& [stream, own] : shape.streams) {
    clip.state.samplers[stream].step = steps_done;
    if (!own.given.empty()) clip.conditions[stream].steps = own.given;
  }
  const std::string counts = world.from_root([&] { return cache_counts(clip.state.cache); });
  if (!world.is_root()) clip.state.cache = cache_of(counts, shape);
  const std::vector<Part> parts = parts_of(clip, shape);
  at::Tensor flat;
  on_root(world, [&] { flat = flattened(parts); });
  unflatten(share_from_root(world, flat), parts, device);
  return clip;
}

}  // namespace orrery
