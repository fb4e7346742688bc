#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace orrery {

// The model's answer for one sample. Tensors have the sample's shape, float32.
struct Velocity {
  at::Tensor cond;
  at::Tensor uncond{};  // undefined: no guidance, `cond` is the answer
  double guidance = 1;  // otherwise it is uncond + guidance · (cond - uncond)

  at::Tensor guided() const;
};

// Frames of a sample (C, t, …) that are given, not generated: their velocity is 0, and they are written back.
class GivenFrames {
 public:
  GivenFrames() = default;  // none
  // `latents` (C, n, …) float32 stand at `frames`, n different indexes below `frame_count`. Copies to `device`, and
  // waits for that.
  GivenFrames(const std::vector<std::int64_t>& frames, std::int64_t frame_count, const at::Tensor& latents,
              at::Device device);

  bool any() const { return index_.defined(); }
  // The velocity with zeros at the given frames.
  at::Tensor still(const at::Tensor& velocity) const;
  // The sample with the given frames written over it.
  at::Tensor write_back(const at::Tensor& sample) const;

  const at::Tensor& latents() const { return latents_; }
  // (t) int32: for each frame of the sample its index in latents(); -1 where it is generated.
  const at::Tensor& places() const { return places_; }

 private:
  at::Tensor index_;  // (n) int64
  at::Tensor latents_;
  at::Tensor places_;
};

// What a multistep sampler remembers of earlier steps: undefined when it has none.
struct SamplerMemory {
  at::Tensor last_sample;  // the corrected sample that the last step started from
  at::Tensor output_0;     // the prediction of the clean sample of the last step but one
  at::Tensor output_1;     // of the last step
};

// The numbers of one step, made on the host. A tensor whose weight is 0 is not read.
struct StepWeights {
  double sigma = 0;  // output = sample - sigma · velocity

  // corrected = the sum of these four, each times its weight; `sample` itself when all are 0.
  struct Corrector {
    double last_sample = 0, output_1 = 0, output_0 = 0, output = 0;
  } corrector;

  // next = the sum of these three, each times its weight.
  struct Predictor {
    double corrected = 0, output = 0, output_1 = 0;
  } predictor;

  bool corrects() const { return corrector.output != 0; }
};

// All new tensors, but `corrected` is the sample itself where nothing is corrected.
struct SteppedSample {
  at::Tensor output;
  at::Tensor corrected;
  at::Tensor next;
};

// Guidance, correction, prediction and given frames of one step, float32. On a GPU one kernel reads and writes each
// tensor once.
SteppedSample sampler_step(const StepWeights& weights, const Velocity& velocity, const at::Tensor& sample,
                           const SamplerMemory& memory, const GivenFrames& given);

// sampler_step() composed of ATen operations, on any device and in any dtype.
SteppedSample sampler_step_aten(const StepWeights& weights, const Velocity& velocity, const at::Tensor& sample,
                                const SamplerMemory& memory, const GivenFrames& given);

}  // namespace orrery
