#pragma once

#include <cstdint>

namespace orrery {

// Half-open piece of an extent.
struct Range {
  std::int64_t begin = 0;
  std::int64_t size = 0;
  std::int64_t end() const { return begin + size; }
  friend bool operator==(const Range&, const Range&) = default;
};

// One rank's place in a group of `size` ranks.
struct Shard {
  int rank = 0;
  int size = 1;

  // My equal piece of `extent`; throws Error when it does not divide.
  Range slice(std::int64_t extent) const;
  friend bool operator==(const Shard&, const Shard&) = default;
};

}  // namespace orrery
