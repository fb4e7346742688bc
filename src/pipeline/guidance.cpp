#include "pipeline/guidance.h"

#include <ATen/record_function.h>

#include <algorithm>

#include "base/device/profiler_range.h"

namespace orrery {
namespace {

// The conditional velocity's length over the guided one's, at most 1, of all streams together: () on their device.
at::Tensor shortening(const MediaVelocity& velocity, const GivenFrames& given, bool has_sound) {
  const auto squares = [&](const at::Tensor& video, const at::Tensor& sound) {
    const at::Tensor sum = given.still(video).square().sum();
    return has_sound ? sum + sound.square().sum() : sum;
  };
  const at::Tensor guided = squares(velocity.video.guided(), has_sound ? velocity.sound.guided() : at::Tensor());
  return (squares(velocity.video.cond, velocity.sound.cond).sqrt() / (guided.sqrt() + 1e-8)).clamp(0, 1);
}

}  // namespace

GuidedModel::GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
                         const MediaShape& shape, std::optional<Guidance> guidance)
    : tower_(&tower), cfg_(&cfg), guidance_(guidance) {
  for (const TokenIds& own : own_texts(ids, guidance_.has_value(), cfg.shard())) {
    branches_.push_back(tower.prepare(text(own), shape));
  }
}

BranchFlags GuidedModel::called(double timestep) const {
  return guidance_ ? BranchFlags{true, guidance_->applies(timestep)} : BranchFlags{true};
}

std::vector<MediaLatents> GuidedModel::velocities(const MediaLatents& latents, double timestep,
                                                  const BranchFlags& computes) const {
  std::vector<MediaLatents> velocities(branches());
  if (branches_.size() == branches()) {
    for (std::size_t i = 0; i < branches(); ++i) {
      if (computes[i]) velocities[i] = branch_velocity(latents, timestep, branches_[i]);
    }
    return velocities;
  }
  if (std::find(computes.begin(), computes.end(), true) == computes.end()) return velocities;
  const bool own = computes[static_cast<std::size_t>(cfg_->shard().rank)];
  // A rank with nothing to compute has something of that shape to exchange.
  velocities = gather_branches(own ? branch_velocity(latents, timestep, branches_.front()) : latents);
  for (std::size_t i = 0; i < branches(); ++i) {
    if (!computes[i]) velocities[i] = {};
  }
  return velocities;
}

MediaLatents GuidedModel::branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch) const {
  const ProfilerRange range("branch");
  return (*tower_)(latents, timestep, branch);
}

MediaLatents GuidedModel::without_layers(const MediaLatents& latents, double timestep) const {
  return tower_->without_layers(latents, timestep, branches_.front());
}

MediaVelocity GuidedModel::guided(const std::vector<MediaLatents>& branches, const GivenFrames& given) const {
  const MediaLatents& cond = branches.front();
  if (branches.size() == 1 || !branches.back().video.defined()) return {{cond.video, {}}, {cond.sound, {}}};
  const MediaLatents& uncond = branches.back();
  const MediaVelocity velocity{{cond.video, uncond.video, guidance_->scale},
                               {cond.sound, uncond.sound, guidance_->scale}};
  if (!guidance_->normalize) return velocity;
  const at::Tensor factor = shortening(velocity, given, cond.has_sound());
  return {{velocity.video.guided() * factor, {}},
          {cond.has_sound() ? velocity.sound.guided() * factor : at::Tensor(), {}}};
}

at::Tensor GuidedModel::agreed(const at::Tensor& numbers) const {
  const std::int64_t count = numbers.size(0);
  const at::Tensor first = cfg_->all_gather(numbers, 0).narrow(0, 0, count).contiguous();
  return tower_->tp().all_gather(first, 0).narrow(0, 0, count);
}

// One all-gather for video and sound together.
std::vector<MediaLatents> GuidedModel::gather_branches(const MediaLatents& own) const {
  const std::int64_t video_size = own.video.numel();
  at::Tensor flat = own.video.reshape({-1});
  if (own.has_sound()) flat = at::cat({flat, own.sound.reshape({-1})});
  const at::Tensor both = gather(flat);
  std::vector<MediaLatents> branches;
  for (std::int64_t i = 0; i < both.size(0); ++i) {
    const auto part = [&](std::int64_t begin, const at::Tensor& like) {
      return both[i].narrow(0, begin, like.numel()).view(like.sizes());
    };
    branches.push_back({part(0, own.video), own.has_sound() ? part(video_size, own.sound) : at::Tensor()});
  }
  return branches;
}

// (values) of this rank → (2, values): cond, uncond.
at::Tensor GuidedModel::gather(const at::Tensor& flat) const {
  RECORD_USER_SCOPE("velocity all-gather");
  return cfg_->all_gather(flat.unsqueeze(0), 0);
}

}  // namespace orrery
