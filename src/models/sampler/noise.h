#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace orrery {

// The normal deviates of numpy's legacy generator (RandomState) for a seed, bit for bit: MT19937 with the polar method,
// which makes pairs.
class NumpyNormal {
 public:
  explicit NumpyNormal(std::uint32_t seed) : bits_(seed) {}
  double operator()();

 private:
  double uniform();

  std::mt19937 bits_;
  std::optional<double> kept_;
};

// The first `count` deviates, rounded to float32: the initial noise of a request (MODEL.md §5). Every stream of a clip
// starts at the beginning of the sequence.
std::vector<float> numpy_normal(std::uint32_t seed, std::int64_t count);

}  // namespace orrery
