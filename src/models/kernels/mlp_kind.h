#pragma once

namespace orrery {

// What an MLP computes between its products.
enum class MlpKind {
  SwiGlu,       // silu(gate) · up
  SquaredRelu,  // max(up, 0)²
};

// Matrices that the input is multiplied by.
constexpr int mlp_inputs(MlpKind kind) { return kind == MlpKind::SwiGlu ? 2 : 1; }

}  // namespace orrery
