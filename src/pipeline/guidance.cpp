#include "pipeline/guidance.h"

namespace orrery {

GuidedModel::GuidedModel(const Transformer& model, Collectives& cfg, const PromptIds& ids, at::IntArrayRef latent_shape,
                         double fps, double guidance_scale)
    : tower_(&model.media_tower()), cfg_(&cfg), scale_(guidance_scale) {
  const auto add_branch = [&](const std::vector<std::int64_t>& text) {
    branches_.push_back(tower_->prepare(model.text_tower()(text), latent_shape, fps));
  };
  const bool guided = scale_ > 1;
  const Shard group = cfg.shard();
  if (!guided || group.size == 1 || group.rank == 0) add_branch(ids.cond);
  if (guided && (group.size == 1 || group.rank == 1)) add_branch(ids.uncond);
}

at::Tensor GuidedModel::velocity(const at::Tensor& latent, double timestep) const {
  const at::Tensor own = (*tower_)(latent, timestep, branches_.front());
  if (scale_ <= 1) return own;
  if (branches_.size() == 2) return guide(own, (*tower_)(latent, timestep, branches_.back()));
  const at::Tensor both = cfg_->all_gather(own.unsqueeze(0), 0);
  return guide(both[0], both[1]);
}

at::Tensor GuidedModel::guide(const at::Tensor& cond, const at::Tensor& uncond) const {
  return at::add(uncond, cond - uncond, scale_);
}

}  // namespace orrery
