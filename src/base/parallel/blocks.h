#pragma once

#include <algorithm>
#include <cstdint>

namespace orrery {

// MPI counts are ints: longer runs of elements travel in pieces of this many.
inline constexpr std::int64_t kMpiBlock = std::int64_t{1} << 30;

// Calls each(begin, count) for the successive pieces of [0, total), each at most `block` long.
template <class Each>
void for_blocks(std::int64_t total, Each each, std::int64_t block = kMpiBlock) {
  for (std::int64_t begin = 0; begin < total; begin += block) {
    each(begin, static_cast<int>(std::min(block, total - begin)));
  }
}

}  // namespace orrery
