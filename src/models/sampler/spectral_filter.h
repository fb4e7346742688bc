#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <vector>

namespace orrery {

// What a denoiser can tell of latents at their noise level: a Wiener filter for data whose spectrum falls with the cube
// of the frequency along each axis (SeaCache, arXiv 2602.18993; MODES.md E). Its gain is a product over time, height
// and width, so it is applied as three products with small symmetric matrices, which is what the reference's Fourier
// transforms come to.
class SpectralFilter {
 public:
  // For latents of shape (C, t, h, w) at each of `timesteps` (0…1000). Copies to `device`, and waits for that.
  SpectralFilter(const std::vector<std::int64_t>& timesteps, at::IntArrayRef shape, at::Device device);

  // `video`: (C, t, h, w) float32 at timesteps[step]. A new tensor of its shape; nothing waits for the device.
  at::Tensor operator()(const at::Tensor& video, std::int64_t step) const;

 private:
  // Circular convolutions along one axis of n values.
  struct Axis {
    at::Tensor kernels;    // (steps, n) float32
    at::Tensor distances;  // (n * n) int64: (row - column) mod n
    at::Tensor matrix(std::int64_t step) const;
  };

  std::array<Axis, 3> axes_;  // t, h, w
};

// The filter's gain at each frequency k / n of one axis of n values, k = 0…n-1, at noise level `sigma`, divided by
// their mean.
std::vector<double> spectral_gains(std::int64_t n, double sigma);

// The noise level of a timestep as the filter takes it, inside (0, 1).
double filter_sigma(double timestep);

}  // namespace orrery
