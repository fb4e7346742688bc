#pragma once

#include <array>
#include <string>

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

}  // namespace orrery
