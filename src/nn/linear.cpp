#include "nn/linear.h"

#include "nn/phase.h"

namespace orrery {

Linear::Linear(const Weights& w, std::int64_t in, std::int64_t out, Bias bias)
    : weight_(w.take("weight", {out, in})), bias_(bias == Bias::Yes ? w.take("bias", {out}) : at::Tensor()) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

void Linear::into(at::Tensor y, const at::Tensor& x, const at::Tensor& shift) const {
  const at::Tensor bias = shift.defined() ? (shift + bias_).to(bias_.scalar_type()) : bias_;
  at::addmm_out(y, bias, x, weight_.t());
}

ColumnParallelLinear::ColumnParallelLinear(const Weights& w, const std::vector<WeightPart>& parts, std::int64_t in)
    : weight_(w.take_stacked(parts, in)) {}

at::Tensor ColumnParallelLinear::operator()(const at::Tensor& x) const { return at::linear(x, weight_); }

void ColumnParallelLinear::into(at::Tensor y, const at::Tensor& x) const { at::mm_out(y, x, weight_.t()); }

RowParallelLinear::RowParallelLinear(const Weights& w, std::int64_t in, std::int64_t out, Collectives& tp)
    : weight_(w.take("weight", {out, in}, Split::Columns)), tp_(&tp) {}

at::Tensor RowParallelLinear::operator()(const at::Tensor& x) const {
  at::Tensor y = at::linear(x, weight_);
  phase("all-reduce", [&] { tp_->all_reduce_sum(y); });
  return y;
}

}  // namespace orrery
