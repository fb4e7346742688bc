#pragma once

#include <algorithm>
#include <cstdint>

namespace orrery {

// Half-open piece of an extent.
struct Range {
  std::int64_t begin = 0;
  std::int64_t size = 0;
  std::int64_t end() const { return begin + size; }
  friend bool operator==(const Range&, const Range&) = default;
};

// The intersection of `part` and `whole`, relative to the beginning of `whole`; {0, 0} when it is empty.
inline Range within(const Range& part, const Range& whole) {
  const std::int64_t begin = std::max(part.begin, whole.begin), end = std::min(part.end(), whole.end());
  return begin < end ? Range{begin - whole.begin, end - begin} : Range{};
}

// One rank's place in a group of `size` ranks.
struct Shard {
  int rank = 0;
  int size = 1;

  // This rank's piece of `extent` in equal pieces; throws Error unless `extent` is a multiple of `size`.
  Range slice(std::int64_t extent) const;
  // This rank's piece of any `extent`: sizes differ by at most one, and the first ranks have the longer pieces.
  Range share(std::int64_t extent) const;
  friend bool operator==(const Shard&, const Shard&) = default;
};

}  // namespace orrery
