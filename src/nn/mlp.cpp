#include "nn/mlp.h"

namespace orrery {

SwiGlu::SwiGlu(const Weights& w, std::int64_t hidden, std::int64_t intermediate, Collectives& tp)
    : gate_up_(w, {{"gate_proj.weight", intermediate}, {"up_proj.weight", intermediate}}, hidden),
      down_(w / "down_proj", intermediate, hidden, tp) {}

at::Tensor SwiGlu::operator()(const at::Tensor& x) const {
  const std::vector<at::Tensor> gate_up = gate_up_(x).chunk(2, -1);
  return down_(at::silu(gate_up[0]).mul_(gate_up[1]));
}

}  // namespace orrery
