#pragma once

namespace orrery {

// The activation that an MLP computes between its products.
enum class MlpKind {
  SwiGlu,       // silu(gate) · up
  SquaredRelu,  // max(up, 0)²
};

// Number of matrices by which the input is multiplied.
constexpr int mlp_inputs(MlpKind kind) { return kind == MlpKind::SwiGlu ? 2 : 1; }

}  // namespace orrery
