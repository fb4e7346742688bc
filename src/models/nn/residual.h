#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "io/checkpoint/weights.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// x / sqrt(mean(x²) + eps) · weight over the last dimension, accumulated in float32.
class RmsNorm {
 public:
  RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps);
  RmsNorm(at::Tensor weight, double eps) : weight_(std::move(weight)), eps_(eps) {}
  // Adds `delta` to x (rows, size) first, in the same pass over memory, then returns the norm of x in the format of
  // `target`.
  ScaledRows operator()(at::Tensor& x, const Delta& delta, const RowTarget& target) const;

 private:
  at::Tensor weight_;
  double eps_;
};

inline at::Tensor rows_of(const at::Tensor& x, const Range& part) { return x.narrow(0, part.begin, part.size); }

// The parts in which a tp group of `ranks` computes a sequence, so that the all-reduce of one part overlaps the
// computation of the other part: two, or one for a single rank or few rows.
std::vector<Range> row_ranges(std::int64_t rows, int ranks);

// The residual stream of a sequence between its layers. What a layer adds to a part is a sum over the tp group. Its
// all-reduce overlaps the computation of the other part, and the part's next norm adds the sum in its own pass over
// memory.
class Residual {
 public:
  // x: (tokens, hidden), changed in place. `tp` must outlive it.
  Residual(at::Tensor x, Collectives& tp);

  const std::vector<Range>& parts() const { return parts_; }
  const at::Tensor& x() const { return x_; }  // without sums that norm() has not added yet
  // Starts an asynchronous all-reduce of `share`, this rank's part of what a layer adds. Call once per part, in order.
  // Collective.
  void add(at::Tensor share);
  // Waits for the part's all-reduce, adds the sum to the stream and returns the norm. Call once per part, in order,
  // before the next add() to it. Collective.
  ScaledRows norm(const Range& part, const RmsNorm& norm, const RowTarget& target);

 private:
  at::Tensor x_;
  Collectives* tp_;
  std::vector<Range> parts_;
  std::int64_t adding_ = 0;  // all-reduces under way
};

}  // namespace orrery
