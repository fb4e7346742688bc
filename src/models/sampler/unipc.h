#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "models/kernels/sampler_step.h"

namespace orrery {

// Everything a UniPc remembers between two steps: enough to go on elsewhere, bit for bit. Tensors have the sample's
// shape, float32; those of steps not yet made are undefined.
struct UniPcState {
  std::int64_t step = 0;      // steps made
  at::Tensor last_sample;     // the corrected sample that the last step started from
  at::Tensor model_output_0;  // the last step but one's prediction of the clean sample
  at::Tensor model_output_1;  // the last step's
};

// UniPC (Zhao et al. 2023), order 2, B2(h), predicting the clean sample of a flow, lower order at the end: MODEL.md §5.
// One object per stream of a clip. Coefficients are made on the host in double precision, and
// nothing waits for the device.
class UniPc {
 public:
  // `sigmas` as in Schedule: inside (0, 1) and falling, the last 0. Throws Error.
  explicit UniPc(std::vector<float> sigmas);

  // `velocity` is the model's answer for `sample` at sigmas[step_index()]; returns the sample at the next sigma, with
  // the given frames in their place. All float32, of one shape and device. `sample` is kept: do not change it in place.
  // Throws Error after the last step.
  at::Tensor step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given = {});

  std::int64_t step_index() const { return state_.step; }
  std::int64_t steps() const { return static_cast<std::int64_t>(sigmas_.size()) - 1; }
  const UniPcState& state() const { return state_; }
  // Continues from `state`, taken from a UniPc with the same sigmas. Throws Error when one of its tensors is missing.
  void restore(UniPcState state);

 private:
  std::int64_t order_at(std::int64_t step) const;
  StepWeights::Corrector corrector() const;
  StepWeights::Predictor predictor() const;
  StepWeights weights() const;
  double lambda(std::int64_t step) const;

  std::vector<double> sigmas_;
  UniPcState state_;
};

}  // namespace orrery
