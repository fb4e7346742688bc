#include "base/parallel/process_grid.h"

#include <cstdint>

namespace orrery {

int GridShape::ranks() const {
  int product = 1;
  for (const GridAxis& axis : axes()) product *= axis.size;
  return product;
}

std::string GridShape::text() const {
  std::string text;
  for (const GridAxis& axis : axes()) {
    text.append(text.empty() ? "" : " x ").append(axis.name).append(" ").append(std::to_string(axis.size));
  }
  return text;
}

void require_fits(const GridShape& shape, int ranks) {
  require_input(shape.cfg == 1 || shape.cfg == 2,
                "cfg = " + std::to_string(shape.cfg) +
                    ", expected 1 (each rank computes both guidance branches) or 2 (one branch a group)");
  require_input(shape.tp >= 1,
                "tp = " + std::to_string(shape.tp) + ", expected 1 or more ranks that share one copy of the weights");
  std::int64_t product = 1;
  std::string names, sizes, listed;
  for (const GridAxis& axis : shape.axes()) {
    product *= axis.size;
    const bool first = names.empty();
    names.append(first ? "" : " x ").append(axis.name);
    sizes.append(first ? "" : " x ").append(std::to_string(axis.size));
    listed.append(first ? "" : " and ").append(axis.name);
  }
  const std::string needed = std::to_string(product);
  const std::string started = std::to_string(ranks);
  require_input(product == ranks, names + " = " + sizes + " = " + needed + ", but the launcher started " + started +
                                      (ranks == 1 ? " rank" : " ranks") + ": start " + needed + " (mpirun -n " +
                                      needed + "), or choose " + listed + " so that their product is " + started);
}

ProcessGrid::ProcessGrid(const Comm& world, const GridShape& shape) {
  const int rank = world.shard().rank;
  require_fits(shape, world.shard().size);
  int stride = shape.ranks();
  for (const GridAxis& axis : shape.axes()) {
    stride /= axis.size;  // between neighbours of this axis
    const int own = rank / stride % axis.size;
    groups_.push_back(world.split(rank - own * stride));
  }
}

}  // namespace orrery
