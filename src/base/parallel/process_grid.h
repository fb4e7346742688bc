#pragma once

#include <string>
#include <vector>

#include "base/parallel/comm.h"
#include "base/parallel/grid_shape.h"

namespace orrery {

// One communicator for each axis, of the ranks that differ in this axis only. World rank = (cfg rank * sp + sp rank) *
// tp + tp rank, so that a tp group is on one node, and an sp group if possible.
class ProcessGrid {
 public:
  // Collective over `world`. Throws what require_fits throws, on every rank, before any communication.
  ProcessGrid(const Comm& world, const GridShape& shape);

  // The ranks that share this rank's copy of the weights.
  const Comm& tp() const { return groups_.back(); }
  // The ranks that split the tokens of this rank's guidance branch and hold the same slice of the weights.
  const Comm& sp() const { return groups_[1]; }
  // The ranks that hold the same slice of the weights and the same tokens as this rank, one for each guidance branch.
  const Comm& cfg() const { return groups_.front(); }
  // The names of the axes, from the outermost, that have a group with ranks on several nodes. `world` is the
  // constructor's. Collective over `world`.
  std::vector<std::string> axes_across_nodes(const Comm& world) const;
  // True on world rank 0, which writes the files.
  bool is_root() const { return tp().is_root() && sp().is_root() && cfg().is_root(); }

 private:
  GridShape shape_;
  std::vector<Comm> groups_;  // in the order of the axes
};

}  // namespace orrery
