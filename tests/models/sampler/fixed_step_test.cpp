#include "models/sampler/fixed_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "models/sampler/noise.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::uint32_t kSeed = 4294967295U;  // the noise of the first step is then that of seed 0
const Schedule kSchedule = make_schedule(ScheduleRule({1, 0.9375F, 0.625F}), 3, 1);

at::Tensor start() { return at::linspace(-2, 2, 24, at::kFloat).view({2, 3, 2, 2}); }
at::Tensor velocity(const at::Tensor& x, double sigma) { return at::sin(x * 3 + sigma) + x * sigma; }

at::Tensor steps_from(StreamSampler& sampler, at::Tensor x, std::int64_t until, const GivenFrames& given = {}) {
  while (sampler.state().step < until) {
    const double sigma = kSchedule.sigmas[static_cast<std::size_t>(sampler.state().step)];
    x = sampler.step({velocity(x, sigma)}, x, given);
  }
  return x;
}

TEST(FixedStep, PredictsTheCleanSampleAndAddsFreshNoise) {
  StreamSampler sampler(kSchedule, kSeed);
  at::Tensor x = start(), expected = start();
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double sigma = kSchedule.sigmas[at], next = kSchedule.sigmas[at + 1];
    x = steps_from(sampler, x, i + 1);
    expected = expected - velocity(expected, sigma) * sigma;
    if (next > 0) {
      const std::vector<float> noise = numpy_normal(static_cast<std::uint32_t>(i), expected.numel());
      expected = expected * (1 - next) + at::tensor(noise, at::kFloat).view(expected.sizes()) * next;
    }
    EXPECT_LE((x - expected).abs().max().item<double>(), 1e-6) << "step " << i;
  }
}

TEST(FixedStep, GivenFramesStayAsTheyAre) {
  const at::Tensor clean = at::full({2, 1, 2, 2}, 0.5, at::kFloat);
  StreamSampler sampler(kSchedule, 1);
  const at::Tensor end = steps_from(sampler, start(), 3, GivenFrames({1}, 3, clean, at::kCPU));
  EXPECT_TRUE(at::equal(end.narrow(1, 1, 1), clean));
}

TEST(FixedStep, GoesOnElsewhereBitForBit) {
  StreamSampler whole(kSchedule, 7), first(kSchedule, 7), second(kSchedule, 7);
  const at::Tensor expected = steps_from(whole, start(), 3);
  const at::Tensor half = steps_from(first, start(), 1);
  EXPECT_FALSE(first.state().last_sample.defined()) << "nothing is remembered";
  second.restore(first.state());
  EXPECT_TRUE(at::equal(steps_from(second, half, 3), expected));
  EXPECT_THAT([&] { second.step({start()}, start(), {}); }, ThrowsMessage<Error>(HasSubstr("all its 3 steps")));
}

TEST(FixedStep, RefusesOtherLevels) {
  for (const std::vector<float>& sigmas :
       {std::vector<float>{0.9F, 0.5F, 0}, std::vector<float>{1, 0.5F}, std::vector<float>{1, 1, 0}, {1}}) {
    EXPECT_THAT([&] { FixedStep(sigmas, 1); }, ThrowsMessage<Error>(HasSubstr("must fall from 1 to 0")));
  }
  FixedStep sampler(kSchedule.sigmas, 1);
  EXPECT_THAT([&] { sampler.restore({4, {}, {}, {}}); }, ThrowsMessage<Error>(HasSubstr("cannot go on from step 4")));
}

}  // namespace
}  // namespace orrery
