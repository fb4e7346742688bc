#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/checkpoint/weight_source.h"

namespace orrery {

// Values of about normal spread around `mean`; none is further from it than 3.5 spreads.
struct RandomTensor {
  std::vector<std::int64_t> shape;
  double mean = 0;
  double spread = 0;  // the standard deviation, kept to 0.8 %
};

using RandomTensors = std::map<std::string, RandomTensor>;

// Weights that are made where they are wanted. A value depends on the tensor's name, the element's index in the whole
// tensor and the generator's version, on nothing else: every slice, on every device, holds the same float32 numbers, or
// those rounded once to the dtype asked for. Nothing is kept and nothing passes through the host.
class RandomCheckpoint : public WeightSource {
 public:
  static constexpr int kGeneratorVersion = 1;

  // `place` stands for a file in messages.
  RandomCheckpoint(std::string place, const RandomTensors& tensors);

  std::vector<std::string> names() const override;
  const TensorInfo* find(const std::string& name) const override;
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override;
  std::string where(const std::string& name) const override;
  // "random-v1-" and 16 hexadecimal digits over names, shapes, means and spreads.
  std::string fingerprint() const override;

 private:
  struct Entry {
    TensorInfo info;
    double mean, spread;
  };
  std::string place_;
  std::map<std::string, Entry> entries_;
};

}  // namespace orrery
