#pragma once

#include "base/parallel/comm.h"

namespace orrery {

// How the ranks share the work: cfg groups (1, or 2: one a guidance branch) of tp ranks that share one copy of the
// weights.
struct GridShape {
  int cfg = 1;
  int tp = 1;
};

// Throws InputError, in words, unless `ranks` ranks make this grid.
void require_fits(GridShape shape, int ranks);

// World rank = cfg rank * tp + tp rank, so that one tp group sits on one node.
class ProcessGrid {
 public:
  // Collective over `world`. Throws what require_fits throws, on every rank, before any communication.
  ProcessGrid(const Comm& world, GridShape shape);

  // The ranks that share my copy of the weights.
  const Comm& tp() const { return tp_; }
  // The ranks that hold my slice of the weights, one a guidance branch.
  const Comm& cfg() const { return cfg_; }
  Shard tp_shard() const { return tp_.shard(); }
  Shard cfg_shard() const { return cfg_.shard(); }
  // True on world rank 0, which writes the files.
  bool is_root() const { return tp_.is_root() && cfg_.is_root(); }

 private:
  Comm tp_;
  Comm cfg_;
};

}  // namespace orrery
