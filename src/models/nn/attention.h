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

// What computes attention. Kernels of one precision round differently: their results are as far apart as any two
// roundings.
enum class AttentionKernel { Aten, Cudnn, Fa3 };

// "aten", "cudnn", "fa3"
std::string name_of(AttentionKernel kernel);

// What attention is computed of.
struct AttentionCase {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  std::int64_t head_dim = 0;
};

// What computes `attention` without FlashAttention-3: cuDNN in 16-bit types on CUDA, elsewhere what ATen chooses.
AttentionKernel libtorch_kernel(const AttentionCase& attention);

// Why FlashAttention-3's kernel cannot compute `attention`, in words; empty: it can (bfloat16, Hopper GPUs).
std::string fa3_problem(const AttentionCase& attention);

// Why heads of `head_dim` values cannot be rotated for attention in 8 bits, in words; empty: they can.
std::string float8_problem(std::int64_t head_dim);

// Grouped-query attention, scale 1/√head_dim; a value that is cheap to copy.
class Attention {
 public:
  // By libtorch_kernel() of the tensors.
  Attention() = default;
  // By FlashAttention-3's kernel, for cases without fa3_problem(). `kernel` is not null.
  explicit Attention(std::shared_ptr<const FlashAttention> kernel) : fa3_(std::move(kernel)) {}

  // q: (Tq, heads, head_dim); k, v: (Tk, kv_heads, head_dim) with kv_heads dividing heads. Result: (Tq, heads ·
  // head_dim), contiguous. A kernel that cannot take the tensors is an error, never replaced by a slower one.
  at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) const;

  // This attention for a media tower whose queries, keys and values are stored in `format`. Float8 is for kernels
  // without a float8_problem(): FlashAttention-3's, and ATen's on a CPU.
  Attention in(RowFormat format) const;
  RowFormat format() const { return format_; }
  // Attention over all keys, in 8 bits whatever format() says. Result: (queries, heads · head_dim) in `dtype`.
  at::Tensor operator()(const Float8Operands& x, at::ScalarType dtype) const;

 private:
  std::shared_ptr<const FlashAttention> fa3_;
  RowFormat format_ = RowFormat::Plain;
};

// A kernel that computes a case of attention.
struct NamedAttention {
  AttentionKernel kernel = AttentionKernel::Aten;
  Attention attention;
};

}  // namespace orrery
