#include "models/nn/linear.h"

#include <optional>
#include <utility>

#include "models/kernels/scaled_rows.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

// `stored` is the weight in 8 bits if the checkpoint has it so; otherwise take() reads it. A weight that is rounded
// here gets a factor for each row, that is, for each channel of the result.
template <class Take>
ProductWeight product_weight(const Weights& w, const ProductSettings& settings, std::optional<FactoredRows> stored,
                             Take take) {
  if (stored) {
    const RowTarget inputs{settings.format, settings.input_factors ? stored->inputs : 0};
    return {{std::move(stored->data), std::move(stored->factors)}, inputs, w.dtype()};
  }
  const RowFormat format = w.is_quantised() ? RowFormat::Plain : settings.format;
  return {format == RowFormat::Plain ? ScaledRows{take(), {}} : float8_rows(take()), format, w.dtype()};
}

ProductWeight stacked_weight(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in,
                             const ProductSettings& settings) {
  return product_weight(w, settings, settings.keeps_float8 ? w.take_stacked_float8(parts, in) : std::nullopt,
                        [&] { return w.take_stacked(parts, in); });
}

ProductWeight weight_cut_by_columns(const Weights& w, std::int64_t in, std::int64_t out,
                                    const ProductSettings& settings) {
  const std::vector<std::int64_t> shape{out, in};
  return product_weight(w, settings,
                        settings.keeps_float8 ? w.take_float8("weight", shape, Split::Columns) : std::nullopt,
                        [&] { return w.take("weight", shape, Split::Columns); });
}

std::vector<WeightPart> inner_parts(MlpKind kind, std::int64_t intermediate) {
  std::vector<WeightPart> parts{{"up_proj.weight", intermediate}};
  if (kind == MlpKind::SwiGlu) parts.insert(parts.begin(), {"gate_proj.weight", intermediate});
  return parts;
}

}  // namespace

Linear::Linear(const Weights& w, std::int64_t in, std::int64_t out, Bias bias)
    : weight_(w.take("weight", {out, in})), bias_(bias == Bias::Yes ? w.take("bias", {out}) : at::Tensor()) {}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return at::linear(whole_fours(x), weight_, bias_).narrow(0, 0, x.size(0));
}

void Linear::into(at::Tensor y, const at::Tensor& x, const at::Tensor& shift) const {
  const at::Tensor bias = shift.defined() ? (shift + bias_).to(bias_.scalar_type()) : bias_;
  const at::Tensor rows = whole_fours(x);
  if (rows.size(0) == x.size(0)) {
    at::addmm_out(y, bias, x, weight_.t());
  } else {
    y.copy_(at::addmm(bias, rows, weight_.t()).narrow(0, 0, x.size(0)));
  }
}

at::Tensor Linear::then(const Linear& next, const at::Tensor& x, const at::Tensor& shift) const {
  const at::Tensor outer = next.weight_.to(at::kFloat), bias = bias_.to(at::kFloat);
  const at::Tensor between = shift.defined() ? bias + shift : bias;
  return at::linear(x, at::mm(outer, weight_.to(at::kFloat)), at::mv(outer, between) + next.bias_);
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
                                           const ProductSettings& settings)
    : weight_(stacked_weight(w, parts, in, settings)) {}

RowParallelLinear::RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out,
                                     const ProductSettings& settings)
    : weight_(weight_cut_by_columns(w, in, out, settings)) {}

Mlp::Mlp(const Weights& w, MlpKind kind, std::int64_t hidden, std::int64_t intermediate,
         const ProductSettings& settings)
    : kind_(kind),
      inner_(w, inner_parts(kind, intermediate), hidden, settings),
      down_(w / "down_proj", intermediate, hidden, settings) {}

at::Tensor Mlp::operator()(const ScaledRows& x, Precision precision) const {
  const bool gated = kind_ == MlpKind::SwiGlu;
  const at::Tensor inner = phase(gated ? "gate|up product" : "up product", [&] { return inner_(x); });
  const ScaledRows activated =
      phase(gated ? "silu * mul" : "squared relu", [&] { return activate(kind_, inner, down_.inputs(precision)); });
  return phase("down product", [&] { return down_(activated); });
}

}  // namespace orrery
