#include "pipeline/guidance.h"

#include <ATen/record_function.h>

namespace orrery {

GuidedModel::GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
                         const MediaShape& shape, double guidance_scale)
    : tower_(&tower), cfg_(&cfg), scale_(guidance_scale) {
  for (const TokenIds& own : own_texts(ids, scale_ > 1, cfg.shard())) {
    branches_.push_back(tower.prepare(text(own), shape));
  }
}

MediaLatents GuidedModel::velocity(const MediaLatents& latents, double timestep) const {
  const MediaLatents own = (*tower_)(latents, timestep, branches_.front());
  if (scale_ <= 1) return own;
  if (branches_.size() == 1) return gather_and_guide(own);
  const MediaLatents uncond = (*tower_)(latents, timestep, branches_.back());
  return {guide(own.video, uncond.video), own.has_sound() ? guide(own.sound, uncond.sound) : at::Tensor()};
}

// One all-gather for video and sound together.
MediaLatents GuidedModel::gather_and_guide(const MediaLatents& own) const {
  const std::int64_t video_size = own.video.numel();
  at::Tensor flat = own.video.reshape({-1});
  if (own.has_sound()) flat = at::cat({flat, own.sound.reshape({-1})});
  const at::Tensor both = gather(flat);
  const at::Tensor guided = guide(both[0], both[1]);
  MediaLatents velocity{guided.narrow(0, 0, video_size).view(own.video.sizes()), {}};
  if (own.has_sound()) velocity.sound = guided.narrow(0, video_size, own.sound.numel()).view(own.sound.sizes());
  return velocity;
}

// (values) of this rank → (2, values): cond, uncond.
at::Tensor GuidedModel::gather(const at::Tensor& flat) const {
  RECORD_USER_SCOPE("velocity all-gather");
  return cfg_->all_gather(flat.unsqueeze(0), 0);
}

at::Tensor GuidedModel::guide(const at::Tensor& cond, const at::Tensor& uncond) const {
  RECORD_USER_SCOPE("guidance");
  return at::add(uncond, cond - uncond, scale_);
}

}  // namespace orrery
