#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/parallel/comm.h"

namespace orrery {

// One axis of the process grid and the number of its parts.
struct GridAxis {
  const char* name;
  int size;
};

// How the ranks share the work: cfg groups (1, or 2 for one guidance branch each), each of sp groups that split the
// tokens, each of tp ranks that split one copy of the weights.
struct GridShape {
  int cfg = 1;
  int tp = 1;
  int sp = 1;

  // From the outermost to the innermost, whose ranks are neighbours.
  std::array<GridAxis, 3> axes() const { return {{{"cfg", cfg}, {"sp", sp}, {"tp", tp}}}; }
  int ranks() const;
  // The shape as messages print it: "cfg 2 x sp 1 x tp 4".
  std::string text() const;
};

// Throws an InputError that says what to change unless the grid has `ranks` ranks.
void require_fits(const GridShape& shape, int ranks);

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
