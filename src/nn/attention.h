#pragma once

#include <ATen/ATen.h>

namespace orrery {

enum class Mask { None, Causal };

// Grouped-query attention, scale 1/√head_dim. q: (Tq, heads, head_dim); k, v: (Tk, kv_heads, head_dim) with kv_heads
// dividing heads. Result: (Tq, heads · head_dim). In 16-bit types on CUDA it is cuDNN's kernel, or an error.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask);

}  // namespace orrery
