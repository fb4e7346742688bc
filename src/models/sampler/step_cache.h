#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <vector>

#include "io/latents/streams.h"
#include "models/sampler/skip_rule.h"

namespace orrery {

// What a denoiser can tell of latents at their noise level: a Wiener filter for data whose spectrum falls with the cube
// of the frequency along each axis (SeaCache, arXiv 2602.18993; MODES.md E). Its gain is a product over time, height
// and width, so it is applied as three products with small symmetric matrices, which is what the reference's Fourier
// transforms come to.
class SpectralFilter {
 public:
  // For latents of shape (C, t, h, w) at each of `timesteps` (0…1000). Copies to `device`, and waits for that.
  SpectralFilter(const std::vector<double>& timesteps, at::IntArrayRef shape, at::Device device);

  // `video`: (C, t, h, w) float32 at timesteps[step]. A new tensor of its shape; nothing waits for the device.
  at::Tensor operator()(const at::Tensor& video, std::int64_t step) const;

 private:
  // Circular convolutions along one axis of n values.
  struct Axis {
    at::Tensor kernels;    // (steps, n) float32
    at::Tensor distances;  // (n * n) int64: (row - column) mod n
    at::Tensor matrix(std::int64_t step) const;
  };

  std::array<Axis, 3> axes_;  // t, h, w
};

// The filter's gain at each frequency k / n of one axis of n values, k = 0…n-1, at noise level `sigma`, divided by
// their mean.
std::vector<double> spectral_gains(std::int64_t n, double sigma);

// The noise level of a timestep as the filter takes it, inside (0, 1).
double filter_sigma(double timestep);

// What the layers added to one branch's velocity in a step, float32.
struct LayersShare {
  std::int64_t step = 0;
  Streams<at::Tensor> streams;
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
  std::vector<std::int64_t> computed;  // the steps in which the layers of at least one branch were computed
};

// Decides before each step whether a model's layers are computed, and extrapolates what they would add if not
// (SeaCache, arXiv 2602.18993; MODES.md E). Each guidance branch has its own decision, by how far the filtered latents
// have moved since the branch's last step. One object for each clip; knows no ranks.
//
// In each step call measure(), then decide() with the distances on the host. Then, for each branch that the step takes,
// either compute its layers and give keep() what they added, or add share() to the velocity without layers.
//
// The reference extrapolates the hidden states that enter the output projection. That projection is linear, so
// extrapolating its results is the same mathematics and takes a twentieth of the memory.
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

  // Takes what the layers of `branch` added in this step.
  void keep(std::size_t branch, Streams<at::Tensor> streams);
  // Estimates what the layers of `branch` would add in this step, from the steps that are kept.
  Streams<at::Tensor> share(std::size_t branch) const;

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
