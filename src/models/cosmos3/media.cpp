#include "models/cosmos3/media.h"

#include <c10/util/accumulate.h>

namespace orrery {

std::vector<std::int64_t> StreamShape::given_extents() const {
  std::vector<std::int64_t> all = extents;
  all[1] = std::ssize(given);
  return all;
}

std::int64_t MediaShape::tokens() const {
  std::int64_t sum = 0;
  for (const auto& [stream, shape] : streams) sum += shape.tokens();
  return sum;
}

std::int64_t MediaShape::values() const {
  std::int64_t sum = 0;
  for (const auto& [stream, shape] : streams) sum += c10::multiply_integers(shape.extents);
  return sum;
}

}  // namespace orrery
