#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "models/kernels/float8_heads.h"

namespace c10 {
class OperatorHandle;
}

namespace orrery {

// The forward kernel of FlashAttention-3 (Shah et al., 2024) from the wheel fa3-fwd 0.0.3: a shared library that
// registers the operator fa3_fwd::fwd with LibTorch's dispatcher when it is loaded.
class FlashAttention {
 public:
  // Loads `library` for the rest of the process and checks every argument of its operator. Throws InputError that names
  // the file when it cannot be loaded, when its operator is missing or of another version, and when another library has
  // already registered that operator.
  explicit FlashAttention(const std::filesystem::path& library);

  // Exact attention with scale 1/√d. q: (Tq, heads, d); k, v: (Tk, kv_heads, d), kv_heads dividing heads; any Tq and
  // Tk; the d values of a head contiguous, other strides arbitrary. Result: (Tq, heads, d), contiguous. `causal`: query
  // i sees keys 0 to i + Tk - Tq.
  at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) const;

  // Attention in 8 bits over all keys with scale 1/√d, for the shapes above with d a multiple of 16. Result: (Tq,
  // heads, d) bfloat16, contiguous.
  at::Tensor operator()(const Float8Heads& q, const Float8Heads& k, const Float8Heads& v) const;

 private:
  at::Tensor call(std::vector<at::IValue> arguments) const;

  std::shared_ptr<const c10::OperatorHandle> forward_;
  std::vector<at::IValue> defaults_;  // of all arguments, in order
  std::size_t causal_ = 0;            // index of is_causal in defaults_
  std::size_t q_descale_ = 0;         // index of q_descale, followed by k's and v's
};

// Loads the kernel from the first of flash_attention_places() that has the library. Throws InputError when none has it,
// and like the constructor.
std::shared_ptr<const FlashAttention> find_flash_attention();

// Where the library is searched for, in order: only the file that ORRERY_FA3 names, if it is set; otherwise the
// program's folder, ../lib beside it, and the cache of tools/setup.sh.
std::vector<std::filesystem::path> flash_attention_places();

// Attention over a subset of the keys.
struct PartialAttention {
  at::Tensor out;          // (tokens, heads, head_dim)
  at::Tensor log_sum_exp;  // (heads, tokens) float32, contiguous: natural log of the sum of exp(scaled scores)
};

// Turns `some.out`, in place, into the attention over the keys of `some` and `rest`, which are disjoint. On a GPU,
// contiguous bfloat16 takes one kernel.
void join_attention(PartialAttention& some, const PartialAttention& rest);

// join_attention() made of ATen operations, for any device and dtype.
void join_attention_aten(PartialAttention& some, const PartialAttention& rest);

}  // namespace orrery
