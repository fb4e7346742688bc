#include "models/nn/linear.h"

#include <utility>

#include "models/kernels/scaled_rows.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

// A row of a weight makes one channel of the result, so each channel has a factor of its own.
ScaledRows in_format(const at::Tensor& weight, RowFormat format) {
  return format == RowFormat::Plain ? ScaledRows{weight, {}} : float8_rows(weight);
}

ScaledRows scaled(FactoredRows rows) { return {std::move(rows.data), std::move(rows.factors)}; }

// What is stored in 8 bits stays as it is.
ScaledRows stacked_rows(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in, RowFormat format) {
  if (format == RowFormat::Float8) {
    if (auto stored = w.take_stacked_float8(parts, in)) return scaled(std::move(*stored));
  }
  return in_format(w.take_stacked(parts, in), format);
}

ScaledRows rows_cut_by_columns(const Weights& w, std::int64_t in, std::int64_t out, RowFormat format) {
  if (format == RowFormat::Float8) {
    if (auto stored = w.take_float8("weight", {out, in}, Split::Columns)) return scaled(std::move(*stored));
  }
  return in_format(w.take("weight", {out, in}, Split::Columns), format);
}

}  // namespace

Linear::Linear(const Weights& w, std::int64_t in, std::int64_t out, Bias bias)
    : weight_(w.take("weight", {out, in})), bias_(bias == Bias::Yes ? w.take("bias", {out}) : at::Tensor()) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

void Linear::into(at::Tensor y, const at::Tensor& x, const at::Tensor& shift) const {
  const at::Tensor bias = shift.defined() ? (shift + bias_).to(bias_.scalar_type()) : bias_;
  at::addmm_out(y, bias, x, weight_.t());
}

at::Tensor Linear::then(const Linear& next, const at::Tensor& x, const at::Tensor& shift) const {
  const at::Tensor outer = next.weight_.to(at::kFloat), bias = bias_.to(at::kFloat);
  const at::Tensor between = shift.defined() ? bias + shift : bias;
  return at::linear(x, at::mm(outer, weight_.to(at::kFloat)), at::mv(outer, between) + next.bias_);
}

RowFormat ProductWeight::inputs(Precision precision) const {
  return rows_.scaled() && precision == Precision::Native ? RowFormat::Float8 : RowFormat::Plain;
}

at::Tensor ProductWeight::operator()(const ScaledRows& x) const {
  at::Tensor y = at::empty({x.data.size(0), out()}, x.data.options().dtype(dtype_));
  into(y, x);
  return y;
}

void ProductWeight::into(at::Tensor y, const ScaledRows& x) const {
  const bool as_kept = x.scaled() == rows_.scaled();
  product(y, x,
          as_kept ? rows_ : ScaledRows{phase("weight in 16 bits", [&] { return plain_rows(rows_, dtype_); }), {}});
}

ColumnParallelLinear::ColumnParallelLinear(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in,
                                           RowFormat format)
    : weight_(stacked_rows(w, parts, in, format), w.dtype()) {}

RowParallelLinear::RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out, RowFormat format)
    : weight_(rows_cut_by_columns(w, in, out, format), w.dtype()) {}

SwiGlu::SwiGlu(const Weights& w, std::int64_t hidden, std::int64_t intermediate, RowFormat format)
    : gate_up_(w, {{"gate_proj.weight", intermediate}, {"up_proj.weight", intermediate}}, hidden, format),
      down_(w / "down_proj", intermediate, hidden, format) {}

at::Tensor SwiGlu::operator()(const ScaledRows& x, Precision precision) const {
  const at::Tensor gate_up = phase("gate|up product", [&] { return gate_up_(x); });
  const ScaledRows inner = phase("silu * mul", [&] { return swiglu(gate_up, down_.inputs(precision)); });
  return phase("down product", [&] { return down_(inner); });
}

}  // namespace orrery
