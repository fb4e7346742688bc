#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <utility>

#include "models/kernels/attention_kernels.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/float8_attention.h"

namespace orrery {

enum class Mask { None, Causal };

// The implementation that computes attention. Kernels of the same precision round differently, so their results differ
// by rounding errors.
enum class AttentionKernel { Aten, Cudnn, Fa3 };

// "aten", "cudnn", "fa3"
std::string name_of(AttentionKernel kernel);

// The properties of attention's operands that decide which kernel can compute it.
struct AttentionCase {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  std::int64_t head_dim = 0;
};

// The kernel that computes `attention` without FlashAttention-3: cuDNN for 16-bit types on CUDA, ATen's choice
// otherwise.
AttentionKernel libtorch_kernel(const AttentionCase& attention);

// Why FlashAttention-3's kernel cannot compute `attention`, in words; empty when it can (bfloat16 on Hopper GPUs).
std::string fa3_problem(const AttentionCase& attention);

// Why heads of `head_dim` values cannot be rotated for attention in 8 bits, in words; empty when they can.
std::string float8_problem(std::int64_t head_dim);

// Grouped-query attention with scale 1/√head_dim. Cheap to copy.
class Attention {
 public:
  // Uses the tensors' libtorch_kernel().
  Attention() = default;
  // Uses FlashAttention-3's kernel, for cases without fa3_problem(). `kernel` must not be null.
  explicit Attention(std::shared_ptr<const FlashAttention> kernel) : fa3_(std::move(kernel)) {}

  // q: (Tq, heads, head_dim); k, v: (Tk, kv_heads, head_dim) with kv_heads dividing heads. Result: (Tq, heads ·
  // head_dim), contiguous. Throws when the kernel does not support the tensors; never falls back to a slower one.
  at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) const;

  // This attention for a media tower that stores queries, keys and values in `format`. Float8 needs heads without a
  // float8_problem(), and FlashAttention-3's kernel or, on a CPU, ATen's.
  Attention in(RowFormat format) const;
  RowFormat format() const { return format_; }
  // Attention over all keys (no mask) in 8 bits, whatever format() says. Result: (queries, heads · head_dim) in
  // `dtype`.
  at::Tensor operator()(const Float8Operands& x, at::ScalarType dtype) const;

 private:
  std::shared_ptr<const FlashAttention> fa3_;
  RowFormat format_ = RowFormat::Plain;
};

// An attention and the kernel that computes it.
struct NamedAttention {
  AttentionKernel kernel = AttentionKernel::Aten;
  Attention attention;
};

}  // namespace orrery
