#include "models/sampler/spectral_filter.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

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

at::Tensor kernels_of(const std::vector<std::int64_t>& timesteps, std::int64_t n) {
  std::vector<float> all;
  for (const std::int64_t timestep : timesteps) {
    const std::vector<float> kernel = kernel_of(spectral_gains(n, filter_sigma(static_cast<double>(timestep))));
    all.insert(all.end(), kernel.begin(), kernel.end());
  }
  return at::tensor(all, at::kFloat).view({static_cast<std::int64_t>(timesteps.size()), n});
}

at::Tensor circular_distances(std::int64_t n) {
  const at::Tensor i = at::arange(n, at::kLong);
  return (i.unsqueeze(1) - i).remainder(n).flatten();
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

SpectralFilter::SpectralFilter(const std::vector<std::int64_t>& timesteps, at::IntArrayRef shape, at::Device device) {
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

}  // namespace orrery
