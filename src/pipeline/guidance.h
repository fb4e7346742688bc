#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <vector>

#include "cosmos3/transformer.h"
#include "parallel/collectives.h"

namespace orrery {

// Token ids of a request's two texts. `uncond` is empty when guidance is off.
struct PromptIds {
  std::vector<std::int64_t> cond;
  std::vector<std::int64_t> uncond;
};

// The model as the sampler sees it for one request: a velocity, guidance included (MODEL.md §5).
//
// Over a cfg group of two, group rank 0 runs the conditional branch and rank 1 the unconditional one; over a group of
// one this rank runs both. Without guidance (scale ≤ 1) every rank runs the conditional branch. Building it runs the
// text tower. Collective over the transformer's tp group and over `cfg`; both must outlive it.
class GuidedModel {
 public:
  GuidedModel(const Transformer& model, Collectives& cfg, const PromptIds& ids, const MediaShape& shape,
              double guidance_scale);

  // timestep in 0…1000. The same velocities, bit for bit, on every rank.
  MediaLatents velocity(const MediaLatents& latents, double timestep) const;

 private:
  at::Tensor guide(const at::Tensor& cond, const at::Tensor& uncond) const;
  MediaLatents gather_and_guide(const MediaLatents& own) const;

  const GenTower* tower_;
  Collectives* cfg_;
  double scale_;
  std::vector<Branch> branches_;  // cond, uncond; or only what this rank runs
};

}  // namespace orrery
