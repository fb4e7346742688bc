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
  if (scale_ && branches_.size() == 1) return gather_branches(own);
  MediaLatents uncond;
  if (scale_) uncond = branch_velocity(latents, timestep, branches_.back());
  MediaVelocity velocity;
  for (const auto& [stream, cond] : own) {
    velocity[stream] = scale_ ? Velocity{cond, uncond.at(stream), *scale_} : Velocity{cond};
  }
  return velocity;
}

MediaLatents GuidedModel::branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch) const {
  const ProfilerRange range("branch");
  return (*tower_)(latents, timestep, branch);
}

// One all-gather for all streams together.
MediaVelocity GuidedModel::gather_branches(const MediaLatents& own) const {
  std::vector<at::Tensor> flat;
  for (const auto& [stream, cond] : own) flat.push_back(cond.reshape({-1}));
  const at::Tensor both = gather(flat.size() == 1 ? flat.front() : at::cat(flat));
  MediaVelocity velocity;
  std::int64_t begin = 0;
  for (const auto& [stream, cond] : own) {
    const at::Tensor values = both.narrow(1, begin, cond.numel());
    velocity[stream] = {values[0].view(cond.sizes()), values[1].view(cond.sizes()), *scale_};
    begin += cond.numel();
  }
  return velocity;
}

// (values) of this rank → (2, values): cond, uncond.
at::Tensor GuidedModel::gather(const at::Tensor& flat) const {
  RECORD_USER_SCOPE("velocity all-gather");
  return cfg_->all_gather(flat.unsqueeze(0), 0);
}

}  // namespace orrery
