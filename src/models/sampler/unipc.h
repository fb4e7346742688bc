#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "models/kernels/sampler_step.h"

namespace orrery {

// The whole state of a UniPc between two steps, sufficient to continue in another process bit for bit. Tensors are
// float32 and have the sample's shape; those of steps not yet done are undefined.
struct UniPcState {
  std::int64_t step = 0;      // number of steps done
  at::Tensor last_sample;     // the corrected sample from which the last step started
  at::Tensor model_output_0;  // clean sample predicted in the step before the last
  at::Tensor model_output_1;  // clean sample predicted in the last step
};

// UniPC (Zhao et al. 2023), order 2, B2(h), predicting the clean sample of a flow, with lower order at the end
// (MODEL.md §5). One object for each stream of a clip. Coefficients are computed on the host in double precision, and
// no call waits for the device.
class UniPc {
 public:
  // `sigmas` as in Schedule: decreasing in (0, 1), the last 0. Throws Error.
  explicit UniPc(std::vector<float> sigmas);

  // `velocity` is the model's prediction for `sample` at sigmas[step_index()]. Returns the sample at the next sigma, in
  // which given frames are restored. All tensors are float32, with equal shapes and devices. `sample` is kept, so it
  // must not be changed in place. Throws Error after the last step.
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
