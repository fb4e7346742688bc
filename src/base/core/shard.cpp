#include "base/core/shard.h"

#include <fmt/format.h>

#include <string>

#include "base/core/error.h"

namespace orrery {

Range Shard::slice(std::int64_t extent) const {
  require(extent % size == 0, fmt::format("{} does not split over {} ranks", extent, size));
  const std::int64_t piece = extent / size;
  return {rank * piece, piece};
}

Range Shard::share(std::int64_t extent) const {
  const std::int64_t piece = extent / size, longer = extent % size;
  return {rank * piece + std::min<std::int64_t>(rank, longer), piece + (rank < longer ? 1 : 0)};
}

}  // namespace orrery
