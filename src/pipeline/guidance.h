#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "base/parallel/collectives.h"
#include "models/cosmos3/transformer.h"
#include "models/nn/precision.h"
#include "models/sampler/guidance.h"
#include "models/sampler/unipc.h"
#include "pipeline/towers.h"

namespace orrery {

// Both branches' velocities, and how they make the guided one (MODEL.md §5).
using MediaVelocity = Streams<Velocity>;

// A flag for each branch: the conditional one, then, with guidance, the unconditional one.
using BranchFlags = std::vector<bool>;

// The model as the sampler sees it for one request: what both branches say.
//
// A rank runs the branches that own_texts gives it; without `guidance` there is the conditional branch alone. Building
// it asks `text` for their texts. Collective over the tower's groups and over `cfg`; `tower` and `cfg` must outlive
// it.
class GuidedModel {
 public:
  GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
              const MediaShape& shape, std::optional<Guidance> guidance);

  std::size_t branches() const { return guidance_ ? 2 : 1; }
  // Whether a step at `timestep` (0…1000) takes the velocity of each branch.
  BranchFlags called(double timestep) const;
  // The velocities of the branches with a true flag, the same bits on every rank; those of the others are empty.
  // A rank whose branch has a false flag is idle. Collective.
  std::vector<MediaLatents> velocities(const MediaLatents& latents, double timestep, const BranchFlags& computes,
                                       Precision precision) const;
  // GenTower::without_layers(), which is the same for all branches. No communication.
  MediaLatents without_layers(const MediaLatents& latents, double timestep) const;
  // Combines the branches' velocities. The unconditional one may be empty: the conditional one is then the answer.
  // `given`: time steps that count as 0 in the norms of Guidance::normalize; streams without an entry have none. No
  // communication.
  MediaVelocity guided(const std::vector<MediaLatents>& branches, const Streams<GivenFrames>& given) const;
  // The guided velocity at a timestep, with every branch that it takes computed. Collective.
  MediaVelocity velocity(const MediaLatents& latents, double timestep, Precision precision = Precision::Native) const {
    return guided(velocities(latents, timestep, called(timestep), precision), {});
  }
  // The first rank's `numbers` (n) on every rank of the grid. Collective.
  at::Tensor agreed(const at::Tensor& numbers) const;

 private:
  MediaLatents branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch,
                               Precision precision) const;
  std::vector<MediaLatents> gather_branches(const MediaLatents& own) const;
  at::Tensor gather(const at::Tensor& flat) const;

  const GenTower* tower_;
  Collectives* cfg_;
  std::optional<Guidance> guidance_;
  std::vector<Branch> branches_;  // cond, uncond; or only what this rank runs
  bool in_one_pass_ = false;      // where a step takes both
};

}  // namespace orrery
