#include "pipeline/clip_needs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/core/numbers.h"
#include "base/device/device_memory.h"
#include "models/cosmos3/stream_layers.h"
#include "pipeline/root_work.h"
#include "pipeline/video_decode.h"

namespace orrery {
namespace {

std::array<std::int64_t, 3> latent_size(const Request& r) {
  const std::vector<std::int64_t> video = r.extents().at(Stream::Video);
  return {video[0], video[1], video[2]};
}

// Adds a margin: cuBLAS, cuDNN and NCCL have workspaces, and the allocator loses memory to fragmentation.
std::int64_t with_margin(std::int64_t bytes) {
  constexpr std::int64_t kWorkspaces = 300'000'000;
  return bytes + bytes / 10 + kWorkspaces;
}

std::int64_t longest(const PromptIds& ids) {
  return static_cast<std::int64_t>(std::max(ids.cond.size(), ids.uncond.size()));
}

}  // namespace

MediaShape media_shape(const Request& request, const Cosmos3Config& config) {
  MediaShape shape;
  shape.fps = request.fps;
  for (auto [stream, extents] : request.extents()) {
    extents.insert(extents.begin(), kind_of(stream).channels(config));
    shape.streams[stream] = {extents, request.given(stream)};
  }
  return shape;
}

std::vector<int> expected_passes(const Request& r, const ScheduleRule& rule) {
  std::vector<int> passes(static_cast<std::size_t>(r.steps), r.branches());
  if (!r.step_cache.on() && !(r.guided() && r.guidance_interval)) return passes;
  const Schedule schedule = make_schedule(rule, r.steps, r.flow_shift);
  const std::optional<Guidance> guidance = r.guidance();
  std::vector<int> computed(passes.size(), 0);
  for (const std::int64_t step : expected_computed(r.step_cache, schedule, latent_size(r))) {
    const auto i = static_cast<std::size_t>(step);
    const bool both = guidance && guidance->applies(schedule.timesteps[i]);
    computed[i] = both ? 2 : 1;
  }
  return computed;
}

ClipMemory clip_tensors(const ModelSizes& sizes, const Request& request, const PromptIds& ids) {
  const auto [frames, height, width] = latent_size(request);
  const std::int64_t tokens = request.tokens();
  const std::int64_t branches = sizes.layout.own_branches(request.branches());
  ClipMemory memory;
  memory.step = step_bytes(sizes.transformer, tokens, longest(ids), branches, sizes.layout);
  if (sizes.layout.products == RowFormat::Float8) {
    memory.step += largest_weight_bytes(sizes.transformer, sizes.layout);
  }
  if (request.step_cache.on()) {
    memory.step += step_cache_bytes(sizes.transformer, tokens, request.branches(), request.step_cache.order);
  }
  const CellCount part = decoded_cells(sizes.vae_split, sizes.layout.grid.ranks(), height, width);
  memory.media = decode_bytes(sizes.vae, part.height, part.width, sizes.layout.element_bytes) +
                 branches * text_cache_bytes(sizes.transformer, longest(ids), sizes.layout);  // kept for the next clip
  if (request.encodes_parent) memory.step = std::max(memory.step, memory.media);
  if (request.needs_encoder()) {
    memory.step = std::max(memory.step, encode_bytes(sizes.vae, height, width, sizes.layout.element_bytes));
  }
  if (sizes.sound) memory.media = std::max(memory.media, sound_bytes(*sizes.sound, request.sound_steps()));
  return memory;
}

ClipMemory clip_memory(const ModelSizes& sizes, const Request& request, const PromptIds& ids) {
  const ClipMemory tensors = clip_tensors(sizes, request, ids);
  return {with_margin(tensors.step), with_margin(tensors.media)};
}

std::string memory_problem(const Request& request, const ClipMemory& needed, bool decodes, std::int64_t free) {
  const bool media = decodes && needed.media > needed.step;
  return fmt::format("needs about {} of GPU memory to {} {}x{}, {}, {} are free after the weights: {}",
                     gigabytes(media ? needed.media : needed.step), media ? "decode" : "denoise", request.width,
                     request.height, count_text(request.num_frames, "frame"), gigabytes(free), memory_advice());
}

void require_memory(const Comm& world, at::Device device, const Request& request, const ClipMemory& needed,
                    bool decodes) {
  const std::int64_t bytes = decodes ? std::max(needed.step, needed.media) : needed.step;
  std::string problem;
  if (!can_allocate(device, bytes)) problem = memory_problem(request, needed, decodes, free_memory(device).value_or(0));
  problem = world.first_problem(problem);
  if (!problem.empty()) throw RequestFailed(problem);
}

}  // namespace orrery
