#include "base/parallel/grid_shape.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "base/core/error.h"

namespace orrery {

int GridShape::ranks() const {
  int product = 1;
  for (const GridAxis& axis : axes()) product *= axis.size;
  return product;
}

std::string GridShape::text() const {
  std::vector<std::string> parts;
  for (const GridAxis& axis : axes()) parts.push_back(fmt::format("{} {}", axis.name, axis.size));
  return fmt::format("{}", fmt::join(parts, " x "));
}

void require_fits(const GridShape& shape, int ranks) {
  require_input(
      shape.cfg == 1 || shape.cfg == 2,
      fmt::format("cfg = {}, expected 1 (each rank computes both guidance branches) or 2 (one branch a group)",
                  shape.cfg));
  require_input(shape.tp >= 1,
                fmt::format("tp = {}, expected 1 or more ranks that share one copy of the weights", shape.tp));
  require_input(shape.sp >= 1, fmt::format("sp = {}, expected 1 or more ranks that share the tokens", shape.sp));
  std::int64_t product = 1;
  std::vector<std::string> names;
  std::vector<int> sizes;
  for (const GridAxis& axis : shape.axes()) {
    product *= axis.size;
    names.emplace_back(axis.name);
    sizes.push_back(axis.size);
  }
  require_input(product == ranks,
                fmt::format("{} = {} = {needed}, but the launcher started {started} {}: start {needed} (mpirun -n "
                            "{needed}), or choose {} so that their product is {started}",
                            fmt::join(names, " x "), fmt::join(sizes, " x "), ranks == 1 ? "rank" : "ranks",
                            fmt::join(names, " and "), fmt::arg("needed", product), fmt::arg("started", ranks)));
}

}  // namespace orrery
