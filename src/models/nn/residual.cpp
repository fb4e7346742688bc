#include "models/nn/residual.h"

#include <string>
#include <utility>

#include "models/nn/phase.h"

namespace orrery {

RmsNorm::RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps)
    : weight_(w.take(std::string(name) + ".weight", {size})), eps_(eps) {}

ScaledRows RmsNorm::operator()(at::Tensor& x, const Delta& delta, const RowTarget& target) const {
  return add_rms_norm(x, delta, weight_, eps_, target);
}

std::vector<Range> row_ranges(std::int64_t rows, int ranks) {
  constexpr std::int64_t kTile = 128;  // rows of a tile of matrix products
  constexpr std::int64_t kWorthHiding = 4 * kTile;
  if (ranks == 1 || rows < kWorthHiding) return {{0, rows}};
  const std::int64_t first = (rows / 2 + kTile - 1) / kTile * kTile;
  return {{0, first}, {first, rows - first}};
}

Residual::Residual(at::Tensor x, Collectives& tp)
    : x_(std::move(x)), tp_(&tp), parts_(row_ranges(x_.size(0), tp.shard().size)) {}

void Residual::add(at::Tensor share) {
  phase("begin sum", [&] { tp_->start_sum(std::move(share)); });
  ++adding_;
}

ScaledRows Residual::norm(const Range& part, const RmsNorm& norm, const RowTarget& target) {
  SumTerms terms;
  if (adding_ > 0) {
    phase("wait for sum", [&] { terms = tp_->finish_sum(); });
    --adding_;
  }
  at::Tensor rows = rows_of(x_, part);
  return norm(rows, {terms.own, terms.other}, target);
}

}  // namespace orrery
