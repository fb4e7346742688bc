#pragma once

#include <array>
#include <string>

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

}  // namespace orrery
