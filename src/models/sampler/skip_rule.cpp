#include "models/sampler/skip_rule.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/sampler/step_cache.h"

namespace orrery {
namespace {

// One frequency of latents, standing for all `count` frequencies with equal gain.
struct Wave {
  std::array<std::size_t, 3> k;
  double count = 1;
  double power = 0;  // power of the data at this frequency; the noise's is 1
};

std::vector<Wave> waves_of(const std::array<std::int64_t, 3>& size) {
  const auto count = [&](std::size_t axis, std::int64_t k) { return k == 0 || 2 * k == size[axis] ? 1.0 : 2.0; };
  const auto frequency = [&](std::size_t axis, std::int64_t k) {
    return static_cast<double>(k) / static_cast<double>(size[axis]);
  };
  std::vector<Wave> waves;
  double total = 0, cells = 0;
  for (std::int64_t t = 0; 2 * t <= size[0]; ++t) {
    for (std::int64_t h = 0; 2 * h <= size[1]; ++h) {
      for (std::int64_t w = 0; 2 * w <= size[2]; ++w) {
        Wave wave{{static_cast<std::size_t>(t), static_cast<std::size_t>(h), static_cast<std::size_t>(w)},
                  count(0, t) * count(1, h) * count(2, w)};
        const double f = std::hypot(frequency(0, t), frequency(1, h), frequency(2, w));
        wave.power = 1 / (f * f);
        waves.push_back(wave);
      }
    }
  }
  // The mean, which has frequency 0, gets the power of the strongest wave. Then the power is scaled so that the data's
  // variance is 1, like the noise's.
  const auto stronger = [](const Wave& a, const Wave& b) { return a.power < b.power; };
  waves.front().power = waves.size() == 1 ? 1 : std::max_element(waves.begin() + 1, waves.end(), stronger)->power;
  for (const Wave& wave : waves) {
    total += wave.power * wave.count;
    cells += wave.count;
  }
  for (Wave& wave : waves) wave.power *= cells / total;
  return waves;
}

// The amplitudes of each wave's data and noise in the filtered latents of one step.
struct Filtered {
  std::vector<double> data, noise;
};

Filtered filtered(const std::vector<Wave>& waves, const std::array<std::int64_t, 3>& size, double sigma,
                  double timestep) {
  std::array<std::vector<double>, 3> gains;
  for (std::size_t i = 0; i < 3; ++i) gains[i] = spectral_gains(size[i], filter_sigma(timestep));
  Filtered found;
  for (const Wave& wave : waves) {
    const double gain = gains[0][wave.k[0]] * gains[1][wave.k[1]] * gains[2][wave.k[2]];
    found.data.push_back(gain * (1 - sigma));
    found.noise.push_back(gain * sigma);
  }
  return found;
}

double relative_move(const std::vector<Wave>& waves, const Filtered& now, const Filtered& before) {
  double moved = 0, size = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const double data = now.data[i] - before.data[i], noise = now.noise[i] - before.noise[i];
    moved += waves[i].count * (data * data * waves[i].power + noise * noise);
    size += waves[i].count * (before.data[i] * before.data[i] * waves[i].power + before.noise[i] * before.noise[i]);
  }
  return std::sqrt(moved / size);
}

}  // namespace

bool SkipRule::is_forced(std::int64_t step, const Skips& skips) const {
  return step == 0 || step + 1 >= steps_ || (settings_.skips > 0 && skips.steps >= settings_.skips);
}

// Also true when the distance is NaN.
bool SkipRule::computes(double distance, Skips& skips) const {
  skips.change += distance;
  return !(skips.change < settings_.threshold);
}

void SkipRule::note(bool computed, Skips& skips) { skips = computed ? Skips{} : Skips{skips.change, skips.steps + 1}; }

std::vector<std::int64_t> expected_computed(const StepCacheSettings& settings, const Schedule& schedule,
                                            const std::array<std::int64_t, 3>& size) {
  std::vector<std::int64_t> computed(static_cast<std::size_t>(schedule.steps()));
  std::iota(computed.begin(), computed.end(), 0);
  if (!settings.on()) return computed;
  const SkipRule rule(settings, schedule.steps());
  const std::vector<Wave> waves = waves_of(size);
  Skips skips;
  Filtered before;
  const auto is_skipped = [&](std::int64_t step) {
    const auto i = static_cast<std::size_t>(step);
    Filtered now = filtered(waves, size, schedule.sigmas[i], schedule.timesteps[i]);
    const bool computes = rule.is_forced(step, skips) || rule.computes(relative_move(waves, now, before), skips);
    SkipRule::note(computes, skips);
    before = std::move(now);
    return !computes;
  };
  computed.erase(std::remove_if(computed.begin(), computed.end(), is_skipped), computed.end());
  return computed;
}

}  // namespace orrery
