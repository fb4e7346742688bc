#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <vector>

#include "io/latents/streams.h"
#include "models/sampler/skip_rule.h"

namespace orrery {

// A Wiener filter that keeps what a denoiser can tell from latents at their noise level, for data whose spectrum falls
// with the cube of the frequency along each axis (SeaCache, arXiv 2602.18993; MODES.md E). Its gain is a product over
// time, height and width, so it is applied as products with three small symmetric matrices, which is equivalent to the
// reference's Fourier transforms.
class SpectralFilter {
 public:
  // For latents of shape (C, t, h, w) at each of `timesteps`, in [0, 1000]. Copies to `device` and waits for the copy.
  SpectralFilter(const std::vector<double>& timesteps, at::IntArrayRef shape, at::Device device);

  // Filters `video` (C, t, h, w) float32 at timesteps[step]. Returns a new tensor; does not wait for the device.
  at::Tensor operator()(const at::Tensor& video, std::int64_t step) const;

 private:
  // Circular convolutions along one axis of n values, one for each step.
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

// The noise level that the filter uses for a timestep, in (0, 1).
double filter_sigma(double timestep);

// The layers' contribution to one branch's velocity in a step, float32.
struct LayersShare {
  std::int64_t step = 0;
  Streams<at::Tensor> streams;
};

// The state of one branch between two steps.
struct BranchCache {
  Skips skips;
  at::Tensor indicator;             // filtered latents of its last step (C, t, h, w), or undefined
  std::vector<LayersShare> shares;  // contributions in the last computed steps, oldest first
};

// The whole state of a step cache between two steps, sufficient to continue in another process bit for bit. Tensors are
// never changed in place.
struct StepCacheState {
  std::vector<BranchCache> branches;   // empty: no cache
  std::vector<std::int64_t> computed;  // the steps in which the layers of at least one branch were computed
};

// Decides before each step whether a model's layers are computed, and extrapolates their contribution if not (SeaCache,
// arXiv 2602.18993; MODES.md E). Each guidance branch is decided separately, by the distance of the filtered latents
// from the branch's last step. One object for each clip; independent of ranks.
//
// In each step call measure(), then decide() with the distances on the host. Then, for each branch in the step, either
// compute its layers and pass their contribution to keep(), or add share() to the velocity without layers.
//
// The reference extrapolates the hidden states before the output projection. That projection is linear, so
// extrapolating its results is mathematically equivalent and takes a twentieth of the memory.
class StepCache {
 public:
  // `video` is the latents' shape (C, t, h, w). Waits for `device`. Throws Error when a setting is out of range.
  StepCache(const StepCacheSettings& settings, const Schedule& schedule, at::IntArrayRef video, std::size_t branches,
            at::Device device);

  // Queues the filter for the latents at the beginning of `step`. Returns each branch's distance, (branches) float32 on
  // the device, for the host to read; undefined when no decision of the step needs one. `called` says which branches
  // are part of the step.
  at::Tensor measure(const at::Tensor& video, std::int64_t step, const std::vector<bool>& called);
  // Whether each branch's layers must be computed in the measured step. `distances`: one for each branch; empty when
  // measure() returned an undefined tensor.
  std::vector<bool> decide(const std::vector<float>& distances);

  // Stores the contribution of the layers of `branch` in this step.
  void keep(std::size_t branch, Streams<at::Tensor> streams);
  // Extrapolates the contribution of the layers of `branch` in this step from the stored steps.
  Streams<at::Tensor> share(std::size_t branch) const;

  const StepCacheState& state() const { return state_; }
  // Continues from the state of a cache with the same settings, schedule and shape. Throws Error when it is incomplete.
  void restore(StepCacheState state);

 private:
  bool is_forced(const BranchCache& branch) const;

  std::int64_t order_;
  SkipRule rule_;
  SpectralFilter filter_;
  StepCacheState state_;
  // The step that was measured last.
  std::int64_t step_ = 0;
  std::vector<bool> called_;
  at::Tensor indicator_;
};

// The Lagrange weights for `at`: the polynomial through values at the distinct `nodes` has, at `at`, the sum of the
// values times these weights.
std::vector<double> lagrange_weights(const std::vector<std::int64_t>& nodes, std::int64_t at);

}  // namespace orrery
