#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "io/checkpoint/random_checkpoint.h"

namespace orrery {

// Collects a component's tensors by kind.
class RandomTensorList {
 public:
  using Shape = std::vector<std::int64_t>;

  // Around 1, as trained norms are.
  void norm(const std::string& name, Shape shape);
  void vector(const std::string& name, Shape shape, double spread);
  // NAME.weight (out, in, …) whose outputs are `gain` times as large as its inputs.
  void matrix(const std::string& name, Shape shape, double gain = 1);
  // matrix() with NAME.bias beside it.
  void affine(const std::string& name, Shape shape, double gain = 1);
  // A convolution as directions, NAME.weight_v, and the length of each, NAME.weight_g, along the first dimension.
  void directed(const std::string& name, Shape shape, double length);
  void bias(const std::string& name, std::int64_t size);

  RandomTensors take() { return std::move(tensors_); }

 private:
  RandomTensors tensors_;
};

}  // namespace orrery
