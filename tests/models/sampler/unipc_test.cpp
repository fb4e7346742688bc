#include "models/sampler/unipc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/core/error.h"
#include "models/sampler/schedule.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Field = std::function<at::Tensor(const at::Tensor& x, double sigma)>;

// Data of standard deviation `spread`: the velocity has a closed form, and so has the path.
constexpr double kSpread = 0.5;
double path(double sigma) { return std::hypot(sigma, (1 - sigma) * kSpread); }
at::Tensor gaussian_velocity(const at::Tensor& x, double sigma) {
  return x * ((sigma - (1 - sigma) * kSpread * kSpread) / (path(sigma) * path(sigma)));
}
at::Tensor bent_velocity(const at::Tensor& x, double sigma) { return at::sin(x * 3 + sigma) + x * sigma; }

at::Tensor start() { return at::linspace(-2, 2, 41, at::kFloat); }

at::Tensor run(UniPc& sampler, const Schedule& schedule, at::Tensor x, const Field& velocity, std::int64_t until) {
  while (sampler.step_index() < until) {
    const double sigma = schedule.sigmas[static_cast<std::size_t>(sampler.step_index())];
    x = sampler.step({velocity(x, sigma)}, x);
  }
  return x;
}

at::Tensor sample(const Schedule& schedule, const at::Tensor& x, const Field& velocity) {
  UniPc sampler(schedule.sigmas);
  return run(sampler, schedule, x, velocity, schedule.steps());
}

// MODEL.md §5 word for word, in float64 and without rearrangement.
at::Tensor transcription(const Schedule& schedule, at::Tensor x, const Field& velocity) {
  const std::vector<double> sigma(schedule.sigmas.begin(), schedule.sigmas.end());
  const std::int64_t n = schedule.steps();
  const auto at = [&](std::int64_t i) { return sigma[static_cast<std::size_t>(i)]; };
  const auto lambda = [&](std::int64_t i) { return std::log(1 - at(i)) - std::log(at(i)); };
  std::vector<at::Tensor> m;
  at::Tensor x_last;
  std::int64_t order = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    m.push_back(x - velocity(x, at(i)) * at(i));
    const auto k = static_cast<std::size_t>(i);
    if (i > 0) {
      const double h = lambda(i) - lambda(i - 1), p = std::expm1(-h), alpha = 1 - at(i);
      at::Tensor change = (m[k] - m[k - 1]) * 0.5;
      if (order == 2) {
        const double r = (lambda(i - 2) - lambda(i - 1)) / h;
        const double phi = p / -h - 1, phi2 = phi / -h - 0.5;
        const auto options = at::TensorOptions(at::kDouble);
        const at::Tensor matrix = at::tensor({1.0, 1.0, r, 1.0}, options).view({2, 2});
        const at::Tensor rho = at::linalg_solve(matrix, at::tensor({phi / p, 2 * phi2 / p}, options));
        change = rho[0] * ((m[k - 2] - m[k - 1]) / r) + rho[1] * (m[k] - m[k - 1]);
      }
      x = x_last * (at(i) / at(i - 1)) - m[k - 1] * (alpha * p) - change * (alpha * p);
    }
    x_last = x;
    order = std::min({std::int64_t{2}, n - i, i + 1});
    const double h = i + 1 < n ? lambda(i + 1) - lambda(i) : INFINITY;
    const double p = std::expm1(-h), alpha = 1 - at(i + 1);
    x = x_last * (at(i + 1) / at(i)) - m[k] * (alpha * p);
    if (order == 2) x = x - (m[k - 1] - m[k]) * (alpha * p * 0.5 / ((lambda(i - 1) - lambda(i)) / h));
  }
  return x;
}

TEST(UniPc, FollowsTheTranscription) {
  for (const ScheduleKind kind : {ScheduleKind::Native, ScheduleKind::DoubleShift, ScheduleKind::Karras}) {
    for (const std::int64_t steps : {1, 2, 3, 4, 7, 35}) {
      const Schedule schedule = make_schedule(kind, steps, 5);
      const at::Tensor expected = transcription(schedule, start().to(at::kDouble), bent_velocity);
      EXPECT_LT(max_abs(sample(schedule, start(), bent_velocity), expected), 5e-6) << steps << " steps";
    }
  }
}

TEST(UniPc, OneStepIsThePredictionOfTheCleanSample) {
  const Schedule schedule = make_schedule(ScheduleKind::Native, 1, 10);
  const at::Tensor expected = start() - bent_velocity(start(), schedule.sigmas[0]) * schedule.sigmas[0];
  EXPECT_LT(max_abs(sample(schedule, start(), bent_velocity), expected), 1e-6);
}

TEST(UniPc, ConvergesAtSecondOrder) {
  const auto error = [](std::int64_t steps) {
    const Schedule schedule = make_schedule(ScheduleKind::Native, steps, 1);
    const at::Tensor exact = start() * (path(0) / path(schedule.sigmas[0]));
    return max_abs(sample(schedule, start(), gaussian_velocity), exact);
  };
  EXPECT_GT(error(64) / error(128), 3.5);
  EXPECT_GT(error(128) / error(256), 3.5);
  EXPECT_LT(error(256), 1e-4);
}

TEST(UniPc, StoppedAndRestoredEqualsUninterrupted) {
  const Schedule schedule = make_schedule(ScheduleKind::Native, 6, 10);
  const at::Tensor expected = sample(schedule, start(), bent_velocity);
  for (std::int64_t stop = 0; stop <= 6; ++stop) {
    UniPc before(schedule.sigmas);
    const at::Tensor x = run(before, schedule, start(), bent_velocity, stop);
    UniPc after(schedule.sigmas);
    after.restore(before.state());
    EXPECT_TRUE(at::equal(run(after, schedule, x, bent_velocity, 6), expected)) << "stopped after " << stop;
  }
}

TEST(UniPc, MakesTheReferencesFirstStep) {
  for (const char* name : {"tiny/t2v", "tiny/single_frame", "tiny/i2v", "gqa_native/t2v"}) {
    const Golden golden = Golden::load_case(name);
    const at::Tensor cond = golden["velocity0_cond_video"], uncond = golden["velocity0_uncond_video"];
    const at::Tensor sigmas = golden["sigmas"];
    const Velocity velocity{cond, uncond, golden.request().at("guidance").get<double>()};
    at::Tensor x = golden["noise_video"];
    if (golden.has("image_latent")) x.select(2, 0).copy_(golden["image_latent"].select(2, 0));
    UniPc sampler({sigmas.const_data_ptr<float>(), sigmas.const_data_ptr<float>() + sigmas.numel()});
    EXPECT_LT(max_abs(sampler.step(velocity, x), golden["step_video"][0]), 1e-5) << name;
  }
}

TEST(UniPc, RefusesNonsense) {
  EXPECT_THAT([] { UniPc({0.5F}); }, ThrowsMessage<Error>(HasSubstr("fall")));
  EXPECT_THAT([] { UniPc({0.5F, 0.5F, 0.0F}); }, ThrowsMessage<Error>(HasSubstr("fall")));
  EXPECT_THAT([] { UniPc({1.0F, 0.5F, 0.0F}); }, ThrowsMessage<Error>(HasSubstr("fall")));
  EXPECT_THAT([] { UniPc({0.9F, 0.5F}); }, ThrowsMessage<Error>(HasSubstr("fall")));
  UniPc sampler({0.9F, 0.0F});
  sampler.step({start()}, start());
  EXPECT_THAT([&] { sampler.step({start()}, start()); }, ThrowsMessage<Error>(HasSubstr("all its 1 steps")));
  EXPECT_THAT([&] { sampler.restore({2, {}, {}, {}}); }, ThrowsMessage<Error>(HasSubstr("from step 2")));
  EXPECT_THAT([&] { sampler.restore({1, start(), {}, {}}); }, ThrowsMessage<Error>(HasSubstr("model_output_1")));
  const at::Tensor half = start().to(at::kBFloat16);
  EXPECT_THAT([&] { UniPc({0.9F, 0.0F}).step({half}, start()); }, ThrowsMessage<Error>(HasSubstr("velocity must be")));
}

}  // namespace
}  // namespace orrery
