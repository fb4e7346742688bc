#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "models/sampler/skip_rule.h"
#include "models/sampler/spectral_filter.h"

namespace orrery {

// What one branch's layers added to its velocity in a step: a tensor a stream, float32.
struct LayersShare {
  std::int64_t step = 0;
  std::vector<at::Tensor> streams;
};

// One branch's part of a step cache between two steps.
struct BranchCache {
  Skips skips;
  at::Tensor indicator;             // the filtered latents of its last step (C, t, h, w); undefined before the first
  std::vector<LayersShare> shares;  // of the last steps that were computed, oldest first
};

// Everything that a step cache remembers between two steps: enough to go on elsewhere, bit for bit. Tensors are never
// changed in place.
struct StepCacheState {
  std::vector<BranchCache> branches;   // empty: no cache
  std::vector<std::int64_t> computed;  // the steps so far in which a branch's layers were computed
};

// Decides before each step whether a model's layers must be computed, and stands in for them otherwise (SeaCache, arXiv
// 2602.18993; MODES.md E). Each branch of guidance decides alone, by how far the filtered latents have moved since its
// last step. One object a clip; knows no ranks.
//
// For each step: measure(), then decide() with the distances on the host, then each branch's layers are computed and
// keep() takes what they added, or share() gives an estimate of that.
//
// The reference keeps hidden states before the output projection, which is linear: extrapolating what the layers add to
// the velocity instead is the same mathematics in a twentieth of the memory.
class StepCache {
 public:
  // `video`: the latents' shape (C, t, h, w). Waits for `device`. Throws Error when a setting is out of range.
  StepCache(const StepCacheSettings& settings, const Schedule& schedule, at::IntArrayRef video, std::size_t branches,
            at::Device device);

  // Queues the indicator of the latents that `step` begins with. Returns the distances of the branches (branches)
  // float32 on the device, for the host to read; undefined when no decision of the step needs one. `called`: whether
  // each branch is part of the step.
  at::Tensor measure(const at::Tensor& video, std::int64_t step, const std::vector<bool>& called);
  // Whether each branch's layers must be computed in the step that was measured. `distances`: by branch; empty when
  // measure() returned none.
  std::vector<bool> decide(const std::vector<float>& distances);

  // Takes what the layers of `branch` added in this step, a tensor a stream.
  void keep(std::size_t branch, std::vector<at::Tensor> streams);
  // An estimate of what the layers of `branch` would add in this step.
  std::vector<at::Tensor> share(std::size_t branch) const;

  const StepCacheState& state() const { return state_; }
  // Goes on from the state of a cache with the same settings, schedule and shape. Throws Error when it is not whole.
  void restore(StepCacheState state);

 private:
  bool is_forced(const BranchCache& branch) const;

  std::int64_t order_;
  SkipRule rule_;
  SpectralFilter filter_;
  StepCacheState state_;
  // Of the step that was measured.
  std::int64_t step_ = 0;
  std::vector<bool> called_;
  at::Tensor indicator_;
};

// The weights of the polynomial through values at `nodes`, all different, at `at`: its value there is the sum of the
// values times these.
std::vector<double> lagrange_weights(const std::vector<std::int64_t>& nodes, std::int64_t at);

}  // namespace orrery
