#pragma once

#include <string>

#include "base/parallel/collectives.h"

namespace orrery {

// Collectives whose sums behind the computation (start_sum) have several ways to go.
class TellsSumPath {
 public:
  virtual ~TellsSumPath() = default;
  // In words, which way they go; empty before the first.
  virtual std::string sum_path() const = 0;
};

// What `group` tells; empty when it has one way alone.
std::string sum_path(const Collectives& group);

}  // namespace orrery
