#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "base/parallel/collectives.h"
#include "models/cosmos3/gen_tower.h"
#include "models/sampler/unipc.h"
#include "pipeline/texts.h"

namespace orrery {

// Both branches' velocities, and how they make the guided one (MODEL.md §5).
using MediaVelocity = Streams<Velocity>;

// The model as the sampler sees it for one request: what both branches say.
//
// A rank runs the branches that own_texts gives it; without `guidance` there is the conditional branch alone. Building
// it asks `text` for their texts. Collective over the tower's tp group and over `cfg`; `tower` and `cfg` must outlive
// it.
class GuidedModel {
 public:
  GuidedModel(const GenTower& tower, Collectives& cfg, const TextSource& text, const PromptIds& ids,
              const MediaShape& shape, std::optional<double> guidance);

  // Velocities of `latents` at `timestep` (0…1000): bit for bit the same on every rank.
  MediaVelocity velocity(const MediaLatents& latents, double timestep) const;

 private:
  MediaLatents branch_velocity(const MediaLatents& latents, double timestep, const Branch& branch) const;
  MediaVelocity gather_branches(const MediaLatents& own) const;
  at::Tensor gather(const at::Tensor& flat) const;

  const GenTower* tower_;
  Collectives* cfg_;
  std::optional<double> scale_;   // of guidance
  std::vector<Branch> branches_;  // cond, uncond; or only what this rank runs
};

}  // namespace orrery
