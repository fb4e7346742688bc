#include "models/nn/mlp.h"

#include "models/kernels/swiglu.h"
#include "models/nn/phase.h"

namespace orrery {

SwiGlu::SwiGlu(const Weights& w, std::int64_t hidden, std::int64_t intermediate, RowFormat format)
    : gate_up_(w, {{"gate_proj.weight", intermediate}, {"up_proj.weight", intermediate}}, hidden, format),
      down_(w / "down_proj", intermediate, hidden, format),
      format_(format) {}

at::Tensor SwiGlu::operator()(const ScaledRows& x) const {
  const at::Tensor gate_up = phase("gate|up product", [&] { return gate_up_(x); });
  const ScaledRows inner = phase("silu * mul", [&] { return swiglu(gate_up, format_); });
  return phase("down product", [&] { return down_(inner); });
}

}  // namespace orrery
