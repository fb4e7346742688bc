#include "base/parallel/process_grid.h"

namespace orrery {

ProcessGrid::ProcessGrid(const Comm& world, const GridShape& shape) : shape_(shape) {
  const int rank = world.shard().rank;
  require_fits(shape, world.shard().size);
  int stride = shape.ranks();
  for (const GridAxis& axis : shape.axes()) {
    stride /= axis.size;  // difference of the world ranks of neighbours on this axis
    const int own = rank / stride % axis.size;
    groups_.push_back(world.split(rank - own * stride));
  }
}

std::vector<std::string> ProcessGrid::axes_across_nodes(const Comm& world) const {
  std::vector<std::string> across;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const bool on_one = groups_[i].split_by_node().shard().size == groups_[i].shard().size;
    if (world.max(on_one ? 0 : 1) == 1) across.emplace_back(shape_.axes().at(i).name);
  }
  return across;
}

}  // namespace orrery
