#include "base/parallel/process_grid.h"

#include <cstdint>
#include <string>

namespace orrery {
namespace {

GridShape fitting(GridShape shape, int ranks) {
  require_fits(shape, ranks);
  return shape;
}

}  // namespace

void require_fits(GridShape shape, int ranks) {
  const std::string cfg = std::to_string(shape.cfg);
  const std::string tp = std::to_string(shape.tp);
  require_input(shape.cfg == 1 || shape.cfg == 2,
                "cfg = " + cfg + ", expected 1 (each rank computes both guidance branches) or 2 (one branch a group)");
  require_input(shape.tp >= 1, "tp = " + tp + ", expected 1 or more ranks that share one copy of the weights");
  const std::int64_t product = std::int64_t{shape.cfg} * shape.tp;
  const std::string needed = std::to_string(product);
  const std::string started = std::to_string(ranks);
  require_input(product == ranks, "cfg x tp = " + cfg + " x " + tp + " = " + needed + ", but the launcher started " +
                                      started + (ranks == 1 ? " rank" : " ranks") + ": start " + needed +
                                      " (mpirun -n " + needed + "), or choose cfg and tp so that their product is " +
                                      started);
}

ProcessGrid::ProcessGrid(const Comm& world, GridShape shape)
    : tp_(world.split(world.shard().rank / fitting(shape, world.shard().size).tp)),
      cfg_(world.split(world.shard().rank % shape.tp)) {}

}  // namespace orrery
