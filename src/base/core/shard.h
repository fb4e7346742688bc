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

// What of `part` lies in `whole`, counted from the beginning of `whole`; {0, 0}: nothing.
inline Range within(const Range& part, const Range& whole) {
  const std::int64_t begin = std::max(part.begin, whole.begin), end = std::min(part.end(), whole.end());
  return begin < end ? Range{begin - whole.begin, end - begin} : Range{};
}

// One rank's place in a group of `size` ranks.
struct Shard {
  int rank = 0;
  int size = 1;

  // My equal piece of `extent`; throws Error when it does not divide.
  Range slice(std::int64_t extent) const;
  // My piece of any `extent`: as equal as can be, the first ranks' longer by one.
  Range share(std::int64_t extent) const;
  friend bool operator==(const Shard&, const Shard&) = default;
};

}  // namespace orrery
