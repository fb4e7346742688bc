#include "models/sampler/step_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/core/error.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Computed = std::vector<std::int64_t>;

// MODES.md E word for word, in float64.
at::Tensor transcription(const at::Tensor& video, double timestep) {
  const double sigma = std::clamp(timestep / 1000, 1e-6, 1 - 1e-6), a = 1 - sigma, b = sigma;
  at::Tensor gain = at::ones({}, at::kDouble);
  for (std::int64_t axis = 1; axis < 4; ++axis) {
    const at::Tensor frequency = at::fft_fftfreq(video.size(axis), 1.0, at::TensorOptions(at::kDouble)).abs();
    const at::Tensor spectrum = 1 / (frequency.pow(3) + 1e-16);
    const at::Tensor own = a * spectrum / (a * a * spectrum + b * b + 1e-16);
    std::vector<std::int64_t> shape{1, 1, 1};
    shape[static_cast<std::size_t>(axis - 1)] = -1;
    gain = gain * own.view(shape);
  }
  const at::Tensor spectrum = at::fft_fftn(video.to(at::kDouble), {}, std::vector<std::int64_t>{1, 2, 3});
  return at::real(at::fft_ifftn(spectrum * (gain / gain.mean()), {}, std::vector<std::int64_t>{1, 2, 3}));
}

TEST(SpectralFilter, IsTheReferencesFourierFilter) {
  at::manual_seed(1);
  const std::vector<double> timesteps{999, 967, 500, 31, 2};
  for (const std::vector<std::int64_t>& shape :
       std::vector<std::vector<std::int64_t>>{{3, 5, 6, 9}, {2, 1, 4, 4}, {1, 2, 3, 1}, {2, 8, 7, 2}}) {
    const at::Tensor video = at::randn(shape);
    const SpectralFilter filter(timesteps, shape, at::kCPU);
    for (std::size_t step = 0; step < timesteps.size(); ++step) {
      const at::Tensor expected = transcription(video, timesteps[step]);
      EXPECT_LT(relative_rms(filter(video, static_cast<std::int64_t>(step)), expected), 1e-6)
          << shape << " at " << timesteps[step];
    }
  }
}

TEST(SpectralFilter, TakesTimestepsAsTheReferenceDoes) {
  EXPECT_DOUBLE_EQ(filter_sigma(967), 0.967);
  EXPECT_DOUBLE_EQ(filter_sigma(1000), 1 - 1e-6);
  EXPECT_DOUBLE_EQ(filter_sigma(1), 1 - 1e-6);  // a sigma already, not a timestep
  EXPECT_DOUBLE_EQ(filter_sigma(0), 1e-6);
}

TEST(Lagrange, WeightsMakePolynomialsAgain) {
  const auto value = [](double x) { return 3 - 2 * x + 0.5 * x * x; };
  const std::vector<std::int64_t> nodes{2, 3, 7};
  const std::vector<double> weights = lagrange_weights(nodes, 9);
  double sum = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) sum += weights[i] * value(static_cast<double>(nodes[i]));
  EXPECT_DOUBLE_EQ(sum, value(9));
  EXPECT_THAT(lagrange_weights({4}, 9), ElementsAre(1.0));
  EXPECT_THAT(lagrange_weights({4, 5}, 6), ElementsAre(-1.0, 2.0));
}

// Latents of one value that grow by known factors: the filter keeps a constant but for its scale, so the distances of
// these are near the factors' where the noise level hardly moves.
Schedule slow_schedule(std::int64_t steps) {
  Schedule schedule;
  for (std::int64_t i = 0; i < steps; ++i) {
    schedule.sigmas.push_back(0.5F - 1e-3F * static_cast<float>(i));
    schedule.timesteps.push_back(500);
  }
  schedule.sigmas.push_back(0);
  return schedule;
}

// The steps computed of one branch whose latents change by `change` a step, of those in which it is called.
Computed computed(
    const StepCacheSettings& settings, std::int64_t steps, double change,
    const std::function<bool(std::int64_t)>& called = [](std::int64_t) { return true; }) {
  const std::vector<std::int64_t> shape{1, 2, 2, 2};
  StepCache cache(settings, slow_schedule(steps), shape, 1, at::kCPU);
  at::Tensor video = at::ones(shape);
  for (std::int64_t step = 0; step < steps; ++step) {
    const at::Tensor distances = cache.measure(video, step, {called(step)});
    const std::vector<float> numbers =
        distances.defined() ? std::vector<float>{distances[0].item<float>()} : std::vector<float>{};
    if (cache.decide(numbers).front()) cache.keep(0, {{Stream::Video, video}});
    video = video * (1 + change);
  }
  return cache.state().computed;
}

TEST(StepCache, AddsDistancesUpToTheThreshold) {
  const StepCacheSettings unlimited{0.35, 0, 1};
  EXPECT_EQ(computed(unlimited, 9, 0.1), (Computed{0, 4, 8}));
  EXPECT_EQ(computed(unlimited, 6, 0.5), (Computed{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(computed(unlimited, 6, 0), (Computed{0, 5})) << "the first and the last step always";
  EXPECT_EQ(computed(unlimited, 1, 0), (Computed{0}));
  EXPECT_EQ(computed({1e-9, 0, 1}, 4, 0.01), (Computed{0, 1, 2, 3}));
  EXPECT_EQ(computed(unlimited, 5, std::nan("")), (Computed{0, 1, 2, 3, 4})) << "what is not a number is computed";
}

TEST(StepCache, LimitsSkipsInARow) {
  EXPECT_EQ(computed({1e9, 2, 1}, 9, 0.1), (Computed{0, 3, 6, 8}));
  EXPECT_EQ(computed({1e9, 1, 1}, 6, 0.1), (Computed{0, 2, 4, 5}));
  EXPECT_EQ(computed({0.35, 3, 1}, 9, 0.1), (Computed{0, 4, 8})) << "the threshold is reached first";
}

TEST(StepCache, ABranchThatIsNotCalledKeepsItsState) {
  const auto from_2 = [](std::int64_t step) { return step >= 2; };
  EXPECT_EQ(computed({0.35, 0, 1}, 6, 0), (Computed{0, 5}));
  EXPECT_EQ(computed({0.35, 0, 1}, 6, 0, from_2), (Computed{2, 5})) << "its first call is computed";
  const auto not_2_to_4 = [](std::int64_t step) { return step < 2 || step > 4; };
  EXPECT_EQ(computed({0.35, 0, 1}, 9, 0.1, not_2_to_4), (Computed{0, 5, 8})) << "four steps' change at once";
}

TEST(StepCache, SharesFollowPolynomialsOfTheirOrder) {
  const std::vector<std::int64_t> shape{1, 2, 2, 2};
  for (const std::int64_t order : {0, 1, 2}) {
    StepCache cache({1e9, 0, order}, slow_schedule(10), shape, 1, at::kCPU);
    const auto share = [order](std::int64_t step) { return at::full({3}, std::pow(step, order) + 1); };
    for (std::int64_t step = 2; step < 6; ++step) {
      cache.measure(at::ones(shape), step, {true});
      cache.decide({0.0F});
      cache.keep(0, {{Stream::Video, share(step)}, {Stream::Sound, share(step) * 2}});
    }
    EXPECT_EQ(std::ssize(cache.state().branches[0].shares), order + 1);
    cache.measure(at::ones(shape), 8, {true});
    cache.decide({0.0F});
    const Streams<at::Tensor> found = cache.share(0);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_LT(max_abs(found.at(Stream::Video), share(8)), 1e-4) << "order " << order;
    EXPECT_LT(max_abs(found.at(Stream::Sound), share(8) * 2), 1e-4) << "order " << order;
  }
}

// A golden case's branches beside each other, with the latents that the reference had before each step.
struct Replay {
  explicit Replay(const std::string& name) : golden(Golden::load_case("modes/" + name)) {
    const Json& asked = golden.request().at("cache");
    settings = {asked.at("diffusion_cache_thresh"), 0, asked.at("residual_order")};
    schedule = make_schedule(ScheduleKind::Native, golden.request().at("steps"), golden.request().at("flow_shift"));
    branches = golden.request().at("guidance") == 1.0 ? 1 : 2;
  }
  at::Tensor latents(std::int64_t step) const {
    return (step == 0 ? golden["noise_video"] : golden["step_video"][step - 1]).squeeze(0);
  }
  StepCache cache() const { return {settings, schedule, latents(0).sizes(), branches, at::kCPU}; }

  Golden golden;
  StepCacheSettings settings;
  Schedule schedule;
  std::size_t branches = 1;
};

TEST(StepCacheGolden, DecidesAsTheReference) {
  for (const char* name : {"cache", "cache_order0"}) {
    const Replay replay(name);
    StepCache cache = replay.cache();
    std::int64_t call = 0;
    for (std::int64_t step = 0; step < replay.schedule.steps(); ++step) {
      const at::Tensor measured = cache.measure(replay.latents(step), step, std::vector<bool>(replay.branches, true));
      std::vector<float> distances;
      if (measured.defined())
        distances = {measured.const_data_ptr<float>(), measured.const_data_ptr<float>() + measured.numel()};
      const std::vector<bool> computes = cache.decide(distances);
      for (std::size_t i = 0; i < replay.branches; ++i, ++call) {
        SCOPED_TRACE(std::string(name) + " step " + std::to_string(step) + " branch " + std::to_string(i));
        EXPECT_EQ(computes[i], replay.golden["cache_computed"][call].item<std::int64_t>() == 1);
        const double distance = replay.golden["cache_distance"][call].item<float>();
        EXPECT_EQ(measured.defined(), distance >= 0);
        EXPECT_TRUE(!measured.defined() || std::abs(distances[i] - distance) < 1e-5) << distance;
        EXPECT_NEAR(cache.state().branches[i].skips.change, replay.golden["cache_accumulated"][call].item<float>(),
                    1e-5);
        if (computes[i]) cache.keep(i, {{Stream::Video, replay.latents(step)}});
      }
    }
  }
}

TEST(StepCacheGolden, StoppedAndRestoredEqualsUninterrupted) {
  const Replay replay("cache");
  const auto walk = [&](StepCache& cache, std::int64_t from, std::int64_t to) {
    at::Tensor sum = at::zeros_like(replay.latents(0));
    for (std::int64_t step = from; step < to; ++step) {
      const at::Tensor measured = cache.measure(replay.latents(step), step, {true, true});
      std::vector<float> distances;
      if (measured.defined()) distances = {measured[0].item<float>(), measured[1].item<float>()};
      const std::vector<bool> computes = cache.decide(distances);
      for (std::size_t i = 0; i < 2; ++i) {
        if (computes[i]) cache.keep(i, {{Stream::Video, replay.latents(step) * (1.0 + static_cast<double>(i))}});
        if (!computes[i]) sum.add_(cache.share(i).at(Stream::Video));
      }
    }
    return sum;
  };
  for (std::int64_t stop = 0; stop <= 16; ++stop) {
    StepCache whole = replay.cache(), before = replay.cache(), after = replay.cache();
    walk(whole, 0, stop);
    walk(before, 0, stop);
    after.restore(before.state());
    EXPECT_TRUE(at::equal(walk(after, stop, 16), walk(whole, stop, 16))) << "stopped after " << stop;
    EXPECT_EQ(after.state().computed, whole.state().computed) << "stopped after " << stop;
  }
}

// What simulations with such data found for the published settings (MODES.md I).
TEST(ExpectedComputed, IsWhatSimulationsFound) {
  const Schedule schedule = make_schedule(ScheduleKind::Native, 35, 10);
  const auto count = [&](double threshold, std::int64_t skips) {
    return std::ssize(expected_computed({threshold, skips, 1}, schedule, {48, 45, 80}));
  };
  EXPECT_EQ(count(0, 2), 35);
  EXPECT_EQ(count(0.15, 2), 24);
  EXPECT_EQ(count(0.2, 2), 20);
  EXPECT_EQ(count(0.25, 2), 18);
  EXPECT_EQ(count(0.35, 2), 16);
  EXPECT_EQ(count(0.35, 0), 15);
  EXPECT_EQ(count(1e9, 2), 13);
  EXPECT_EQ(count(1e9, 0), 2);
}

TEST(ExpectedComputed, IsOfAnyClip) {
  EXPECT_THAT(expected_computed({0.25, 2, 1}, make_schedule(ScheduleKind::Native, 1, 10), {1, 1, 1}), ElementsAre(0));
  EXPECT_THAT(expected_computed({0.25, 2, 1}, make_schedule(ScheduleKind::Native, 2, 10), {1, 4, 3}),
              ElementsAre(0, 1));
}

TEST(StepCache, RefusesNonsense) {
  const std::vector<std::int64_t> shape{1, 2, 2, 2};
  const auto make = [&](StepCacheSettings settings) {
    return StepCache(settings, slow_schedule(3), shape, 1, at::kCPU);
  };
  EXPECT_THAT([&] { make({0, 2, 1}); }, ThrowsMessage<Error>(HasSubstr("threshold above 0")));
  EXPECT_THAT([&] { make({0.2, -1, 1}); }, ThrowsMessage<Error>(HasSubstr("at least 0")));
  EXPECT_THAT([&] { make({0.2, 2, -1}); }, ThrowsMessage<Error>(HasSubstr("at least 0")));
  EXPECT_THAT([&] { make({0.2, 2, 1}).share(0); }, ThrowsMessage<Error>(HasSubstr("before its first step")));
  EXPECT_THAT([&] { make({0.2, 2, 1}).restore({}); }, ThrowsMessage<Error>(HasSubstr("number of branches")));
  StepCacheState state;
  state.branches.resize(1);
  state.branches[0].shares.push_back({0, {{Stream::Video, at::ones({1})}}});
  EXPECT_THAT([&] { make({0.2, 2, 1}).restore(state); }, ThrowsMessage<Error>(HasSubstr("lacks an indicator")));
  state.branches[0].indicator = at::ones(shape);
  state.branches[0].shares.resize(3);
  EXPECT_THAT([&] { make({0.2, 2, 1}).restore(state); }, ThrowsMessage<Error>(HasSubstr("too many steps")));
}

}  // namespace
}  // namespace orrery
