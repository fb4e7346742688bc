#include "pipeline/guidance.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/device/gpu.h"

namespace orrery {
namespace {

// The norm of the conditional velocity divided by that of the guided one, over all streams, at most 1: () on their
// device.
at::Tensor shortening(const MediaVelocity& velocity, const Streams<GivenFrames>& given) {
  at::Tensor cond, guided;
  for (const auto& [stream, own] : velocity) {
    const auto frames = given.find(stream);
    const auto squares = [&](const at::Tensor& of_stream) {
      return (frames == given.end() ? of_stream : frames->second.still(of_stream)).square().sum();
    };
    const at::Tensor own_cond = squares(own.cond), own_guided = squares(own.guided());
    cond = cond.defined() ? cond + own_cond : own_cond;
    guided = guided.defined() ? guided + own_guided : own_guided;
  }
  return (cond.sqrt() / (guided.sqrt() + 1e-8)).clamp(0, 1);
}

}  // namespace

GuidedModel::GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
                         const MediaShape& shape, std::optional<Guidance> guidance)
    : tower_(&tower), cfg_(&cfg), guidance_(guidance) {
  for (const TokenIds& own : own_texts(ids, guidance_.has_value(), cfg.shard())) {
    branches_.push_back(tower.prepare(text(own), shape));
  }
  in_one_pass_ = branches_.size() == 2 && pays_in_one_pass(shape.tokens()) && !branches_[0].sequence.is_shared();
  if (in_one_pass_) GenTower::pair_up(branches_[0], branches_[1]);
}

BranchFlags GuidedModel::called(double timestep) const {
  return guidance_ ? BranchFlags{true, guidance_->applies(timestep)} : BranchFlags{true};
}

std::vector<MediaLatents> GuidedModel::velocities(const MediaLatents& latents, double timestep,
                                                  const BranchFlags& computes, Precision precision) const {
  std::vector<MediaLatents> velocities(branches());
  if (in_one_pass_ && computes[0] && computes[1]) {
    const ProfilerRange range("both branches");
    std::array<MediaLatents, 2> both = tower_->in_one_pass(latents, timestep, branches_[0], branches_[1], precision);
    return {std::move(both[0]), std::move(both[1])};
  }
  if (branches_.size() == branches()) {
    for (std::size_t i = 0; i < branches(); ++i) {
      if (computes[i]) velocities[i] = branch_velocity(latents, timestep, branches_[i], precision);
    }
    return velocities;
  }
  if (std::find(computes.begin(), computes.end(), true) == computes.end()) return velocities;
  const bool own = computes[static_cast<std::size_t>(cfg_->shard().rank)];
  // A rank with nothing to compute sends the latents, which have the right shape.
  velocities = gather_branches(own ? branch_velocity(latents, timestep, branches_.front(), precision) : latents);
  for (std::size_t i = 0; i < branches(); ++i) {
    if (!computes[i]) velocities[i].clear();
  }
  return velocities;
}

MediaLatents GuidedModel::branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch,
                                          Precision precision) const {
  const ProfilerRange range("branch");
  return (*tower_)(latents, timestep, branch, precision);
}

MediaLatents GuidedModel::without_layers(const MediaLatents& latents, double timestep) const {
  return tower_->without_layers(latents, timestep, branches_.front());
}

MediaVelocity GuidedModel::guided(const std::vector<MediaLatents>& branches, const Streams<GivenFrames>& given) const {
  const bool guides = branches.size() == 2 && !branches.back().empty();
  MediaVelocity velocity;
  for (const auto& [stream, cond] : branches.front()) {
    velocity[stream] = guides ? Velocity{cond, branches.back().at(stream), guidance_->scale} : Velocity{cond};
  }
  if (!guides || !guidance_->normalize) return velocity;
  const at::Tensor factor = shortening(velocity, given);
  for (auto& [stream, own] : velocity) own = Velocity{own.guided() * factor};
  return velocity;
}

at::Tensor GuidedModel::agreed(const at::Tensor& numbers) const {
  at::Tensor first = numbers;
  for (Collectives* group : {cfg_, tower_->groups().tp, tower_->groups().sp}) {
    if (group != nullptr) first = group->all_gather(first, 0).narrow(0, 0, numbers.size(0)).contiguous();
  }
  return first;
}

// Gathers the velocities of all streams in one all-gather.
std::vector<MediaLatents> GuidedModel::gather_branches(const MediaLatents& own) const {
  std::vector<at::Tensor> flat;
  for (const auto& [stream, values] : own) flat.push_back(values.reshape({-1}));
  const at::Tensor both = gather(flat.size() == 1 ? flat.front() : at::cat(flat));
  std::vector<MediaLatents> velocities(branches());
  std::int64_t begin = 0;
  for (const auto& [stream, values] : own) {
    for (std::size_t i = 0; i < velocities.size(); ++i) {
      velocities[i][stream] = both[static_cast<std::int64_t>(i)].narrow(0, begin, values.numel()).view(values.sizes());
    }
    begin += values.numel();
  }
  return velocities;
}

// All-gathers (values) of each rank to (2, values): cond, uncond.
at::Tensor GuidedModel::gather(const at::Tensor& flat) const {
  RECORD_USER_SCOPE("velocity all-gather");
  return cfg_->all_gather(flat.unsqueeze(0), 0);
}

}  // namespace orrery
