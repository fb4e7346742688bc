#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/parallel/comm.h"

namespace orrery {

// One axis of parallelism, and its number of parts.
struct GridAxis {
  const char* name;
  int size;
};

// How the ranks share the work: cfg groups (1, or 2: one a guidance branch) of sp groups, which have the tokens among
// them, of tp ranks that share one copy of the weights.
struct GridShape {
  int cfg = 1;
  int tp = 1;
  int sp = 1;

  // From the outermost to the innermost, whose ranks are neighbours.
  std::array<GridAxis, 3> axes() const { return {{{"cfg", cfg}, {"sp", sp}, {"tp", tp}}}; }
  int ranks() const;
  // As messages have it: "cfg 2 x sp 1 x tp 4".
  std::string text() const;
};

// Throws InputError, which says what to change, unless the grid has `ranks` ranks.
void require_fits(const GridShape& shape, int ranks);

// One communicator for each axis: it joins the ranks that differ in this axis alone. World rank = (cfg rank *
// sp + sp rank) * tp + tp rank, so that a tp group is on one node, and an sp group where it can.
class ProcessGrid {
 public:
  // Collective over `world`. Throws what require_fits throws, on every rank, before any communication.
  ProcessGrid(const Comm& world, const GridShape& shape);

  // The ranks that share this rank's copy of the weights.
  const Comm& tp() const { return groups_.back(); }
  // The ranks that have the other tokens of this rank's guidance branch and the same slice of the weights.
  const Comm& sp() const { return groups_[1]; }
  // The ranks that hold the same slice of the weights and the same tokens as this rank, one for each guidance branch.
  const Comm& cfg() const { return groups_.front(); }
  // The axes of which some group has ranks on several nodes, by name, from the outermost. `world`: as given to the
  // constructor. Collective over it.
  std::vector<std::string> axes_across_nodes(const Comm& world) const;
  // True on world rank 0, which writes the files.
  bool is_root() const { return tp().is_root() && sp().is_root() && cfg().is_root(); }

 private:
  GridShape shape_;
  std::vector<Comm> groups_;  // in the order of the axes
};

}  // namespace orrery
