#include "models/kernels/sampler_step.h"

#include <c10/util/accumulate.h>

#include "models/kernels/gpu_launch.h"

namespace orrery {
namespace {

bool fits(const at::Tensor& x, const at::Tensor& sample) {
  return x.is_cuda() && x.scalar_type() == at::kFloat && x.is_contiguous() && x.sizes() == sample.sizes();
}

bool all_fit(const StepWeights& w, const Velocity& velocity, const at::Tensor& sample, const SamplerMemory& memory) {
  const auto read_fits = [&](const at::Tensor& x, double weight) { return weight == 0 || fits(x, sample); };
  return sample.numel() > 0 && fits(sample, sample) && fits(velocity.cond, sample) &&
         (!velocity.uncond.defined() || fits(velocity.uncond, sample)) &&
         read_fits(memory.last_sample, w.corrector.last_sample) && read_fits(memory.output_0, w.corrector.output_0) &&
         read_fits(memory.output_1, w.corrector.output_1) && read_fits(memory.output_1, w.predictor.output_1);
}

// The tensor's data; null when it is not to be read.
const float* data(const at::Tensor& x, bool reads = true) {
  return reads && x.defined() ? x.const_data_ptr<float>() : nullptr;
}

// x += weight · y, unless the weight is 0.
void add(at::Tensor& x, const at::Tensor& y, double weight) {
  if (weight != 0) x.add_(y, weight);
}

void describe_given(const GivenFrames& given, const at::Tensor& sample, SamplerStepLaunch& l) {
  l.planes = 1;
  l.plane_size = sample.numel();
  if (!given.any()) return;
  l.planes = sample.size(0) * sample.size(1);
  l.plane_size = sample.numel() / l.planes;
  l.frames = sample.size(1);
  l.given = data(given.latents());
  l.given_count = given.latents().size(1);
  l.places = given.places().const_data_ptr<std::int32_t>();
}

}  // namespace

at::Tensor Velocity::guided() const { return uncond.defined() ? at::add(uncond, cond - uncond, guidance) : cond; }

GivenFrames::GivenFrames(const std::vector<std::int64_t>& frames, std::int64_t frame_count, const at::Tensor& latents,
                         at::Device device) {
  if (frames.empty()) return;
  at::Tensor places = at::full({frame_count}, -1, at::kInt);
  for (std::size_t i = 0; i < frames.size(); ++i) places[frames[i]] = static_cast<std::int32_t>(i);
  index_ = at::tensor(frames, at::kLong).to(device);
  places_ = places.to(device);
  latents_ = latents.to(device).contiguous();
}

at::Tensor GivenFrames::still(const at::Tensor& velocity) const {
  return any() ? velocity.index_fill(1, index_, 0) : velocity;
}

at::Tensor GivenFrames::write_back(const at::Tensor& sample) const {
  return any() ? sample.index_copy(1, index_, latents_) : sample;
}

SteppedSample sampler_step(const StepWeights& w, const Velocity& velocity, const at::Tensor& sample,
                           const SamplerMemory& memory, const GivenFrames& given) {
  if (!all_fit(w, velocity, sample, memory)) return sampler_step_aten(w, velocity, sample, memory, given);
  SteppedSample stepped{at::empty_like(sample), w.corrects() ? at::empty_like(sample) : sample, at::empty_like(sample)};
  SamplerStepLaunch l{};
  l.cond = data(velocity.cond);
  l.uncond = data(velocity.uncond);
  l.sample = data(sample);
  l.last_sample = data(memory.last_sample, w.corrector.last_sample != 0);
  l.output_0 = data(memory.output_0, w.corrector.output_0 != 0);
  l.output_1 = data(memory.output_1, w.corrector.output_1 != 0 || w.predictor.output_1 != 0);
  l.output = stepped.output.data_ptr<float>();
  l.corrected = w.corrects() ? stepped.corrected.data_ptr<float>() : nullptr;
  l.next = stepped.next.data_ptr<float>();
  const auto rounded = [](double x) { return static_cast<float>(x); };
  l.guidance = rounded(velocity.guidance);
  l.sigma = rounded(w.sigma);
  l.correct_last_sample = rounded(w.corrector.last_sample);
  l.correct_output_1 = rounded(w.corrector.output_1);
  l.correct_output_0 = rounded(w.corrector.output_0);
  l.correct_output = rounded(w.corrector.output);
  l.predict_corrected = rounded(w.predictor.corrected);
  l.predict_output = rounded(w.predictor.output);
  l.predict_output_1 = rounded(w.predictor.output_1);
  describe_given(given, sample, l);
  launch(l, sample.get_device());
  return stepped;
}

SteppedSample sampler_step_aten(const StepWeights& w, const Velocity& velocity, const at::Tensor& sample,
                                const SamplerMemory& memory, const GivenFrames& given) {
  SteppedSample stepped;
  stepped.output = at::sub(sample, given.still(velocity.guided()), w.sigma);
  stepped.corrected = sample;
  if (w.corrects()) {
    stepped.corrected = memory.last_sample * w.corrector.last_sample;
    add(stepped.corrected, memory.output_1, w.corrector.output_1);
    add(stepped.corrected, memory.output_0, w.corrector.output_0);
    add(stepped.corrected, stepped.output, w.corrector.output);
  }
  stepped.next = stepped.corrected * w.predictor.corrected;
  add(stepped.next, stepped.output, w.predictor.output);
  add(stepped.next, memory.output_1, w.predictor.output_1);
  stepped.next = given.write_back(stepped.next);
  return stepped;
}

}  // namespace orrery
