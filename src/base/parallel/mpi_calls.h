#pragma once

#include <algorithm>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace orrery {

// Throws Error "WHAT: MPI's own words (file:line)" unless `code` is MPI_SUCCESS. `what` names the attempt: "split the
// world into tp groups".
void check_mpi(int code, std::string_view what, std::source_location at = std::source_location::current());

// The most elements of one MPI call, whose counts are ints; longer arrays are sent in pieces.
inline constexpr std::int64_t kMpiBlock = std::int64_t{1} << 30;

// Calls each(begin, count) for the successive pieces of [0, total), each at most `block` long.
template <class Each>
void for_blocks(std::int64_t total, Each each, std::int64_t block = kMpiBlock) {
  for (std::int64_t begin = 0; begin < total; begin += block) {
    each(begin, static_cast<int>(std::min(block, total - begin)));
  }
}

}  // namespace orrery
