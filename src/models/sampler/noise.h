#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace orrery {

// The sequence of normal deviates that numpy's legacy generator (RandomState) gives for a seed, bit for bit: MT19937,
// and the polar method in pairs.
class NumpyNormal {
 public:
  explicit NumpyNormal(std::uint32_t seed) : bits_(seed) {}
  double operator()();

 private:
  double uniform();

  std::mt19937 bits_;
  std::optional<double> kept_;
};

// The first `count` deviates, each rounded to float32: the noise a request starts from (MODEL.md §5). Each stream
// of a clip takes its own from the start of the sequence.
std::vector<float> numpy_normal(std::uint32_t seed, std::int64_t count);

}  // namespace orrery
