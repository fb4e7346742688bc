#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/checkpoint/random_value.h"
#include "io/checkpoint/weight_source.h"

namespace orrery {

// Fills `into`, on its own device, with the elements that `order` selects from the tensor of `rule`: in float32, or
// rounded once to another floating dtype. On CUDA the work is queued on the current stream. A meta tensor is ignored.
void fill_random(at::Tensor into, const RandomRule& rule, const PieceOrder& order);

// Nearly normally distributed values, none further from the mean than 3.5 standard deviations.
struct RandomTensor {
  std::vector<std::int64_t> shape;
  double mean = 0;
  double spread = 0;  // the standard deviation, within 0.8 %
};

using RandomTensors = std::map<std::string, RandomTensor>;

// Random weights, generated on the device that asks for them. A value depends only on the tensor's name, the element's
// index in the whole tensor and the generator's version: slices have the same float32 numbers on every device, or these
// rounded once to the requested dtype. Nothing is stored, and nothing is copied through the host.
class RandomCheckpoint : public WeightSource {
 public:
  static constexpr int kGeneratorVersion = 1;

  // `place` takes the place of a file name in messages.
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
