#include "models/zoo/random_tensor_list.h"

#include <cmath>
#include <utility>

namespace orrery {
namespace {

constexpr double kSmall = 0.02;

double fan_in(const RandomTensorList::Shape& shape) {
  double inputs = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) inputs *= static_cast<double>(shape[i]);
  return inputs;
}

}  // namespace

void RandomTensorList::norm(const std::string& name, Shape shape) { tensors_[name] = {std::move(shape), 1, kSmall}; }

void RandomTensorList::vector(const std::string& name, Shape shape, double spread) {
  tensors_[name] = {std::move(shape), 0, spread};
}

void RandomTensorList::matrix(const std::string& name, Shape shape, double gain) {
  const double spread = gain / std::sqrt(fan_in(shape));
  tensors_[name + ".weight"] = {std::move(shape), 0, spread};
}

void RandomTensorList::affine(const std::string& name, Shape shape, double gain) {
  bias(name, shape.front());
  matrix(name, std::move(shape), gain);
}

void RandomTensorList::directed(const std::string& name, Shape shape, double length) {
  tensors_[name + ".weight_g"] = {{shape.front(), 1, 1}, length, kSmall * length};
  tensors_[name + ".weight_v"] = {std::move(shape), 0, 1};
}

void RandomTensorList::bias(const std::string& name, std::int64_t size) {
  tensors_[name + ".bias"] = {{size}, 0, kSmall};
}

}  // namespace orrery
