#include "models/sampler/unipc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "models/sampler/schedule.h"

namespace orrery {
namespace {

// The interval from sigma_s at step s to sigma_t at the next step. h is the difference of the log signal-to-noise
// ratios, infinite when sigma_t is 0.
struct Interval {
  double ratio;  // sigma_t / sigma_s
  double alpha;  // 1 - sigma_t
  double h;
  double growth;  // e^-h - 1
};

double log_snr(double sigma) { return std::log(1 - sigma) - std::log(sigma); }

Interval interval(double sigma_s, double sigma_t) {
  const double h = log_snr(sigma_t) - log_snr(sigma_s);
  return {sigma_t / sigma_s, 1 - sigma_t, h, std::expm1(-h)};
}

// The corrector's weights of the older and the newest difference.
struct CorrectorWeights {
  double older;
  double newest;
};

// Solves [[1, 1], [r, 1]] x = b of the paper's B2(h) variant.
CorrectorWeights second_order(const Interval& step, double r) {
  const double phi_1 = step.growth / -step.h - 1;
  const double phi_2 = phi_1 / -step.h - 0.5;
  const double b_1 = phi_1 / step.growth;
  const double b_2 = 2 * phi_2 / step.growth;
  return {(b_1 - b_2) / (1 - r), (b_2 - r * b_1) / (1 - r)};
}

void require_float32(const at::Tensor& x, const char* what) {
  require(x.defined() && x.scalar_type() == at::kFloat, std::string("the sampler's ") + what + " must be float32");
}

}  // namespace

UniPc::UniPc(std::vector<float> sigmas) : sigmas_(sigmas.begin(), sigmas.end()) {
  require(falls(sigmas_), "the sampler's sigmas must fall from below 1 to 0");
}

double UniPc::lambda(std::int64_t step) const { return log_snr(sigmas_[static_cast<std::size_t>(step)]); }

// The order of the predictor at `step`: 1 in the first step, which has no earlier one, and in the last, which jumps to
// sigma 0, where h is infinite.
std::int64_t UniPc::order_at(std::int64_t step) const { return std::min({std::int64_t{2}, steps() - step, step + 1}); }

// The corrector has the order of the predictor whose result it corrects.
StepWeights::Corrector UniPc::corrector() const {
  const std::int64_t previous = state_.step - 1;
  const auto s = static_cast<std::size_t>(previous);
  const Interval step = interval(sigmas_[s], sigmas_[s + 1]);
  const double scale = -step.alpha * step.growth;
  if (order_at(previous) == 1) return {step.ratio, scale * 0.5, 0, scale * 0.5};
  const double r = (lambda(previous - 1) - lambda(previous)) / step.h;
  const CorrectorWeights weights = second_order(step, r);
  const double older = weights.older / r;
  return {step.ratio, scale * (1 - older - weights.newest), scale * older, scale * weights.newest};
}

StepWeights::Predictor UniPc::predictor() const {
  const auto s = static_cast<std::size_t>(state_.step);
  const Interval step = interval(sigmas_[s], sigmas_[s + 1]);
  const double scale = -step.alpha * step.growth;
  if (order_at(state_.step) == 1) return {step.ratio, scale, 0};
  const double older = 0.5 * step.h / (lambda(state_.step - 1) - lambda(state_.step));
  return {step.ratio, scale * (1 - older), scale * older};
}

StepWeights UniPc::weights() const {
  const double sigma = sigmas_[static_cast<std::size_t>(state_.step)];
  return {sigma, state_.step == 0 ? StepWeights::Corrector{} : corrector(), predictor()};
}

at::Tensor UniPc::step(const Velocity& velocity, const at::Tensor& sample, const GivenFrames& given) {
  require(state_.step < steps(), fmt::format("the sampler has made all its {} steps", steps()));
  require_float32(velocity.cond, "velocity");
  require_float32(sample, "sample");
  SteppedSample made = sampler_step(weights(), velocity, sample,
                                    {state_.last_sample, state_.model_output_0, state_.model_output_1}, given);
  state_ = {state_.step + 1, made.corrected, state_.model_output_1, made.output};
  return made.next;
}

void UniPc::restore(UniPcState state) {
  require(state.step >= 0 && state.step <= steps(),
          fmt::format("a sampler of {} steps cannot go on from step {}", steps(), state.step));
  if (state.step >= 1) {
    require_float32(state.last_sample, "last_sample");
    require_float32(state.model_output_1, "model_output_1");
  }
  if (state.step >= 2) require_float32(state.model_output_0, "model_output_0");
  state_ = std::move(state);
}

}  // namespace orrery
