#include "pipeline/guidance.h"

#include <ATen/record_function.h>

#include "base/device/profiler_range.h"

namespace orrery {

GuidedModel::GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
                         const MediaShape& shape, std::optional<double> guidance)
    : tower_(&tower), cfg_(&cfg), scale_(guidance) {
  for (const TokenIds& own : own_texts(ids, scale_.has_value(), cfg.shard())) {
    branches_.push_back(tower.prepare(text(own), shape));
  }
}

MediaVelocity GuidedModel::velocity(const MediaLatents& latents, double timestep) const {
  const MediaLatents own = branch_velocity(latents, timestep, branches_.front());
  if (!scale_) return {{own.video, {}}, {own.sound, {}}};
  if (branches_.size() == 1) return gather_branches(own);
  const MediaLatents uncond = branch_velocity(latents, timestep, branches_.back());
  return {{own.video, uncond.video, *scale_}, {own.sound, uncond.sound, *scale_}};
}

MediaLatents GuidedModel::branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch) const {
  const ProfilerRange range("branch");
  return (*tower_)(latents, timestep, branch);
}

// One all-gather for video and sound together.
MediaVelocity GuidedModel::gather_branches(const MediaLatents& own) const {
  const std::int64_t video_size = own.video.numel();
  at::Tensor flat = own.video.reshape({-1});
  if (own.has_sound()) flat = at::cat({flat, own.sound.reshape({-1})});
  const at::Tensor both = gather(flat);
  const auto part = [&](std::int64_t begin, const at::Tensor& like) {
    const at::Tensor values = both.narrow(1, begin, like.numel());
    return Velocity{values[0].view(like.sizes()), values[1].view(like.sizes()), *scale_};
  };
  return {part(0, own.video), own.has_sound() ? part(video_size, own.sound) : Velocity{}};
}

// (values) of this rank → (2, values): cond, uncond.
at::Tensor GuidedModel::gather(const at::Tensor& flat) const {
  RECORD_USER_SCOPE("velocity all-gather");
  return cfg_->all_gather(flat.unsqueeze(0), 0);
}

}  // namespace orrery
