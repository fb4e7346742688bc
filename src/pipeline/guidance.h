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

// The branches' velocities and the guidance scale that combines them (MODEL.md §5), for each stream.
using MediaVelocity = Streams<Velocity>;

// A flag for each branch: first the conditional one, then, with guidance, the unconditional one.
using BranchFlags = std::vector<bool>;

// The model of one request with its guidance branches.
//
// A rank runs the branches of own_texts(); without `guidance` only the conditional branch exists. The constructor gets
// their texts from `text`. `tower` and `cfg` must outlive the object. The constructor and the functions marked so are
// collective over the tower's groups and `cfg`.
class GuidedModel {
 public:
  GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
              const MediaShape& shape, std::optional<Guidance> guidance);

  std::size_t branches() const { return guidance_ ? 2 : 1; }
  // Which branches are part of a step at `timestep`, in [0, 1000].
  BranchFlags called(double timestep) const;
  // The velocities of the branches with a true flag, with the same bits on every rank; empty for all others. A rank
  // without such a branch is idle. Collective.
  std::vector<MediaLatents> velocities(const MediaLatents& latents, double timestep, const BranchFlags& computes,
                                       Precision precision) const;
  // GenTower::without_layers(), which is equal for all branches. No communication.
  MediaLatents without_layers(const MediaLatents& latents, double timestep) const;
  // Combines the branches' velocities. If the unconditional one is empty, the result is the conditional one. `given`
  // are time steps that count as 0 in the norms of Guidance::normalize; streams without an entry have none. No
  // communication.
  MediaVelocity guided(const std::vector<MediaLatents>& branches, const Streams<GivenFrames>& given) const;
  // The guided velocity at a timestep; computes all branches that are part of the step. Collective.
  MediaVelocity velocity(const MediaLatents& latents, double timestep, Precision precision = Precision::Native) const {
    return guided(velocities(latents, timestep, called(timestep), precision), {});
  }
  // Returns the first rank's `numbers` (n) on every rank of the grid. Collective.
  at::Tensor agreed(const at::Tensor& numbers) const;

 private:
  MediaLatents branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch,
                               Precision precision) const;
  std::vector<MediaLatents> gather_branches(const MediaLatents& own) const;
  at::Tensor gather(const at::Tensor& flat) const;

  const GenTower* tower_;
  Collectives* cfg_;
  std::optional<Guidance> guidance_;
  std::vector<Branch> branches_;  // cond, uncond; or only those of this rank
  bool in_one_pass_ = false;      // whether one pass computes both branches
};

}  // namespace orrery
