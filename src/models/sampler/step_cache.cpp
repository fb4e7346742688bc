#include "models/sampler/step_cache.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr double kTiny = 1e-16;

// The inverse Fourier transform of `gains`, which are real and even.
std::vector<float> kernel_of(const std::vector<double>& gains) {
  const std::size_t n = gains.size();
  std::vector<float> kernel(n);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) {
      sum += gains[k] * std::cos(2 * std::numbers::pi * static_cast<double>(i * k % n) / static_cast<double>(n));
    }
    kernel[i] = static_cast<float>(sum / static_cast<double>(n));
  }
  return kernel;
}

at::Tensor kernels_of(const std::vector<double>& timesteps, std::int64_t n) {
  std::vector<float> all;
  for (const double timestep : timesteps) {
    const std::vector<float> kernel = kernel_of(spectral_gains(n, filter_sigma(timestep)));
    all.insert(all.end(), kernel.begin(), kernel.end());
  }
  return at::tensor(all, at::kFloat).view({static_cast<std::int64_t>(timesteps.size()), n});
}

at::Tensor circular_distances(std::int64_t n) {
  const at::Tensor i = at::arange(n, at::kLong);
  return (i.unsqueeze(1) - i).remainder(n).flatten();
}

constexpr double kNotZero = 1e-16;

// The distance of `indicator` from `before` relative to `before`: () float32 on their device.
at::Tensor relative_change(const at::Tensor& indicator, const at::Tensor& before) {
  return (indicator - before).abs_().mean() / (before.abs().mean() + kNotZero);
}

}  // namespace

double filter_sigma(double timestep) { return std::clamp(timestep > 1 ? timestep / 1000 : timestep, 1e-6, 1 - 1e-6); }

std::vector<double> spectral_gains(std::int64_t n, double sigma) {
  const double alpha = 1 - sigma;
  std::vector<double> gains(static_cast<std::size_t>(n));
  for (std::int64_t k = 0; k < n; ++k) {
    const double frequency = static_cast<double>(std::min(k, n - k)) / static_cast<double>(n);
    const double spectrum = 1 / (frequency * frequency * frequency + kTiny);
    gains[static_cast<std::size_t>(k)] = alpha * spectrum / (alpha * alpha * spectrum + sigma * sigma + kTiny);
  }
  const double mean = std::accumulate(gains.begin(), gains.end(), 0.0) / static_cast<double>(n);
  for (double& gain : gains) gain /= mean;
  return gains;
}

SpectralFilter::SpectralFilter(const std::vector<double>& timesteps, at::IntArrayRef shape, at::Device device) {
  require(shape.size() == 4, "latents to filter must have the shape (C, t, h, w)");
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const std::int64_t n = shape[i + 1];
    axes_[i] = {kernels_of(timesteps, n).to(device), circular_distances(n).to(device)};
  }
}

at::Tensor SpectralFilter::Axis::matrix(std::int64_t step) const {
  const at::Tensor kernel = kernels.select(0, step);
  return kernel.index_select(0, distances).view({kernel.size(0), kernel.size(0)});
}

at::Tensor SpectralFilter::operator()(const at::Tensor& video, std::int64_t step) const {
  const at::Tensor in_frames = at::matmul(axes_[1].matrix(step), at::matmul(video, axes_[2].matrix(step)));
  return at::matmul(axes_[0].matrix(step), in_frames.flatten(2)).view(video.sizes());
}

std::vector<double> lagrange_weights(const std::vector<std::int64_t>& nodes, std::int64_t at) {
  std::vector<double> weights(nodes.size(), 1.0);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      if (i != j) weights[i] *= static_cast<double>(at - nodes[j]) / static_cast<double>(nodes[i] - nodes[j]);
    }
  }
  return weights;
}

StepCache::StepCache(const StepCacheSettings& settings, const Schedule& schedule, at::IntArrayRef video,
                     std::size_t branches, at::Device device)
    : order_(settings.order), rule_(settings, schedule.steps()), filter_(schedule.timesteps, video, device) {
  require(settings.on() && settings.skips >= 0 && settings.order >= 0,
          "a step cache needs a threshold above 0, and skips and an order of at least 0");
  state_.branches.resize(branches);
}

bool StepCache::is_forced(const BranchCache& branch) const {
  return branch.shares.empty() || rule_.is_forced(step_, branch.skips);
}

at::Tensor StepCache::measure(const at::Tensor& video, std::int64_t step, const std::vector<bool>& called) {
  step_ = step;
  called_ = called;
  indicator_ = filter_(video, step);
  std::vector<at::Tensor> distances(state_.branches.size());
  at::Tensor before, moved;  // branches last called in the same step share an indicator
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const BranchCache& branch = state_.branches[i];
    if (!called[i] || is_forced(branch)) continue;
    if (!branch.indicator.is_same(before)) moved = relative_change(indicator_, branch.indicator);
    before = branch.indicator;
    distances[i] = moved;
  }
  if (!moved.defined()) return {};
  for (at::Tensor& distance : distances) {
    if (!distance.defined()) distance = at::zeros_like(moved);
  }
  return at::stack(distances);
}

std::vector<bool> StepCache::decide(const std::vector<float>& distances) {
  std::vector<bool> computes(state_.branches.size(), false);
  for (std::size_t i = 0; i < computes.size(); ++i) {
    if (!called_[i]) continue;
    BranchCache& branch = state_.branches[i];
    computes[i] = is_forced(branch) || rule_.computes(distances.at(i), branch.skips);
    SkipRule::note(computes[i], branch.skips);
    branch.indicator = indicator_;
  }
  if (std::find(computes.begin(), computes.end(), true) != computes.end()) state_.computed.push_back(step_);
  indicator_.reset();
  return computes;
}

void StepCache::keep(std::size_t branch, Streams<at::Tensor> streams) {
  std::vector<LayersShare>& shares = state_.branches.at(branch).shares;
  const auto most = static_cast<std::size_t>(order_ + 1);
  if (shares.size() == most) shares.erase(shares.begin());
  shares.push_back({step_, std::move(streams)});
}

Streams<at::Tensor> StepCache::share(std::size_t branch) const {
  const std::vector<LayersShare>& shares = state_.branches.at(branch).shares;
  require(!shares.empty(), "a step cache knows nothing of a branch before its first step");
  std::vector<std::int64_t> nodes;
  for (const LayersShare& share : shares) nodes.push_back(share.step);
  const std::vector<double> weights = lagrange_weights(nodes, step_);
  Streams<at::Tensor> sums;
  for (const auto& [stream, oldest] : shares.front().streams) {
    at::Tensor& sum = sums[stream];
    sum = oldest * weights.front();
    for (std::size_t i = 1; i < shares.size(); ++i) sum.add_(shares[i].streams.at(stream), weights[i]);
  }
  return sums;
}

void StepCache::restore(StepCacheState state) {
  require(state.branches.size() == state_.branches.size(),
          "a step cache cannot go on from the state of another number of branches");
  for (const BranchCache& branch : state.branches) {
    require(branch.shares.empty() || branch.indicator.defined(), "a step cache's state lacks an indicator");
    require(std::ssize(branch.shares) <= order_ + 1, "a step cache's state has too many steps");
  }
  state_ = std::move(state);
}

}  // namespace orrery
