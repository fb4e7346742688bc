#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace orrery {

// The model's prediction for one sample. Tensors are float32 and have the sample's shape.
struct Velocity {
  at::Tensor cond;
  at::Tensor uncond{};  // undefined: no guidance
  double guidance = 1;  // guided velocity: uncond + guidance · (cond - uncond)

  // The guided velocity; `cond` without guidance.
  at::Tensor guided() const;
};

// Frames of a sample (C, t, …) that are given, not generated: their velocity is set to 0, and they are written back
// after each step.
class GivenFrames {
 public:
  GivenFrames() = default;  // none
  // `latents` (C, n, …) float32 are the frames at the indexes `frames`, which are distinct and below `frame_count`.
  // Copies them to `device` and waits for the copy.
  GivenFrames(const std::vector<std::int64_t>& frames, std::int64_t frame_count, const at::Tensor& latents,
              at::Device device);

  bool any() const { return index_.defined(); }
  // The velocity with zeros at the given frames.
  at::Tensor still(const at::Tensor& velocity) const;
  // The sample with the given frames written over it.
  at::Tensor write_back(const at::Tensor& sample) const;

  const at::Tensor& latents() const { return latents_; }
  // (t) int32: for each frame of the sample, its index in latents(), or -1 when it is generated.
  const at::Tensor& places() const { return places_; }

 private:
  at::Tensor index_;  // (n) int64
  at::Tensor latents_;
  at::Tensor places_;
};

// What a multistep sampler keeps from earlier steps; undefined when it has none.
struct SamplerMemory {
  at::Tensor last_sample;  // the corrected sample from which the last step started
  at::Tensor output_0;     // clean sample predicted in the step before the last
  at::Tensor output_1;     // clean sample predicted in the last step
};

// The coefficients of one step, computed on the host. A tensor whose weight is 0 is not read.
struct StepWeights {
  double sigma = 0;  // output = sample - sigma · velocity

  // corrected = the weighted sum of these four; `sample` itself when all weights are 0.
  struct Corrector {
    double last_sample = 0, output_1 = 0, output_0 = 0, output = 0;
  } corrector;

  // next = the weighted sum of these three.
  struct Predictor {
    double corrected = 0, output = 0, output_1 = 0;
  } predictor;

  bool corrects() const { return corrector.output != 0; }
};

// The results of a step, as new tensors; without a correction, `corrected` is the sample itself.
struct SteppedSample {
  at::Tensor output;
  at::Tensor corrected;
  at::Tensor next;
};

// Computes guidance, correction, prediction and given frames of one step, in float32. On a GPU it is one kernel that
// reads and writes each tensor once.
SteppedSample sampler_step(const StepWeights& weights, const Velocity& velocity, const at::Tensor& sample,
                           const SamplerMemory& memory, const GivenFrames& given);

// sampler_step() made of ATen operations, for any device and dtype.
SteppedSample sampler_step_aten(const StepWeights& weights, const Velocity& velocity, const at::Tensor& sample,
                                const SamplerMemory& memory, const GivenFrames& given);

}  // namespace orrery
