#include "base/core/shard.h"

#include <string>

#include "base/core/error.h"

namespace orrery {

Range Shard::slice(std::int64_t extent) const {
  require(extent % size == 0, std::to_string(extent) + " does not split over " + std::to_string(size) + " ranks");
  const std::int64_t piece = extent / size;
  return {rank * piece, piece};
}

}  // namespace orrery
