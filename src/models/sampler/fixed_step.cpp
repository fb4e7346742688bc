#include "models/sampler/fixed_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/core/error.h"
#include "models/sampler/noise.h"

namespace orrery {
namespace {

// Fresh noise like `sample`. Copied to a GPU from page-locked memory, so that the host does not wait.
at::Tensor fresh_noise(std::uint32_t seed, const at::Tensor& sample) {
  const at::Tensor noise =
      at::empty(sample.sizes(), at::TensorOptions(at::kCPU).dtype(at::kFloat).pinned_memory(sample.device().is_cuda()));
  const std::vector<float> values = numpy_normal(seed, sample.numel());
  std::copy(values.begin(), values.end(), noise.data_ptr<float>());
  return noise.to(sample.device(), /*non_blocking=*/true);
}

bool falls_from_one(const std::vector<double>& sigmas) {
  const bool falling = std::adjacent_find(sigmas.begin(), sigmas.end(), std::less_equal<>()) == sigmas.end();
  return sigmas.size() >= 2 && falling && sigmas.front() == 1 && sigmas.back() == 0;
}

}  // namespace

FixedStep::FixedStep(std::vector<float> sigmas, std::uint32_t seed)
    : sigmas_(sigmas.begin(), sigmas.end()), seed_(seed) {
  require(falls_from_one(sigmas_), "the sigmas of fixed steps must fall from 1 to 0");
}

at::Tensor FixedStep::step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given) {
  require(step_ < steps(), fmt::format("the sampler has made all its {} steps", steps()));
  const auto i = static_cast<std::size_t>(step_);
  const double next = sigmas_[i + 1];
  SamplerMemory memory;
  if (next > 0) memory.output_1 = fresh_noise(seed_ + 1 + static_cast<std::uint32_t>(step_), sample);
  ++step_;
  return sampler_step({sigmas_[i], {}, {0, 1 - next, next}}, velocity, sample, memory, given).next;
}

void FixedStep::restore(const UniPcState& state) {
  require(state.step >= 0 && state.step <= steps(),
          fmt::format("a sampler of {} steps cannot go on from step {}", steps(), state.step));
  step_ = state.step;
}

StreamSampler::StreamSampler(const Schedule& schedule, std::uint32_t seed)
    : sampler_(schedule.renoises() ? std::variant<UniPc, FixedStep>(FixedStep(schedule.sigmas, seed))
                                   : std::variant<UniPc, FixedStep>(UniPc(schedule.sigmas))) {}

at::Tensor StreamSampler::step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given) {
  return std::visit([&](auto& sampler) { return sampler.step(velocity, sample, given); }, sampler_);
}

UniPcState StreamSampler::state() const {
  return std::visit([](const auto& sampler) { return UniPcState(sampler.state()); }, sampler_);
}

void StreamSampler::restore(UniPcState state) {
  std::visit([&](auto& sampler) { sampler.restore(std::move(state)); }, sampler_);
}

}  // namespace orrery
