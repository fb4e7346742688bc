#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "models/nn/norm.h"

namespace orrery {

inline at::Tensor rows_of(const at::Tensor& x, const Range& part) { return x.narrow(0, part.begin, part.size); }

// The parts that a tp group of `ranks` works on in turns, so that the sum of one travels while it computes the other:
// two, or one where there is nobody to wait for or little to gain.
std::vector<Range> row_ranges(std::int64_t rows, int ranks);

// The residual stream of a sequence between its layers. What a layer adds is a sum over the tp group; it travels while
// the next part is computed, and the norm that needs it takes it into the stream in its own pass over memory.
class Residual {
 public:
  // x: (tokens, hidden), changed in place. `tp` must outlive it.
  Residual(at::Tensor x, Collectives& tp);

  const std::vector<Range>& parts() const { return parts_; }
  const at::Tensor& x() const { return x_; }  // without what is still to be added
  // Begins to add the sum over ranks of `share` to the next part in turn. Collective.
  void add(at::Tensor share);
  // The norm of a part, with all that was added: before the part's next turn, in turn too. Collective.
  ScaledRows norm(const Range& part, const RmsNorm& norm, RowFormat format);

 private:
  at::Tensor x_;
  Collectives* tp_;
  std::vector<Range> parts_;
  std::int64_t adding_ = 0;  // sums under way
};

}  // namespace orrery
