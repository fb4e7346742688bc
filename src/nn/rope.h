#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Rotary factors of a sequence, in the activation dtype; (tokens, 1, head_dim) each.
struct RopeTable {
  at::Tensor cos;
  at::Tensor sin;
};

// x · cos + rotate_half(x) · sin for every head. x: (tokens, heads, head_dim).
at::Tensor apply_rope(const at::Tensor& x, const RopeTable& rope);

}  // namespace orrery
