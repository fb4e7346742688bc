#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery {

// A dense row-major float32 array in host memory. Empty when nothing is stored; a stored array has extents of 1 or more
// whose product is the number of values.
struct FloatArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  bool empty() const { return values.empty(); }
  friend bool operator==(const FloatArray&, const FloatArray&) = default;
};

// "[1, 48, 6, 45, 80]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace orrery
