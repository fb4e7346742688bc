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

// The forward kernel of FlashAttention-3 (Shah et al., 2024) as the wheel fa3-fwd 0.0.3 packs it: a shared library
// that, when it is loaded, registers the operator fa3_fwd::fwd with LibTorch's dispatcher.
class FlashAttention {
 public:
  // Loads `library` for the rest of the process and checks that its operator is the one known here, argument by
  // argument. Throws InputError, in words that name the file, when it cannot be loaded, has no such operator or another
  // version's, or when another library has registered that operator before.
  explicit FlashAttention(const std::filesystem::path& library);

  // Attention with scale 1/√d, exact. q: (Tq, heads, d); k, v: (Tk, kv_heads, d), kv_heads dividing heads; of any Tq
  // and Tk; each head's d values beside one another, other strides free. Result: (Tq, heads, d), contiguous. `causal`:
  // query i sees keys 0 to i + Tk - Tq.
  at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) const;

  // Attention over all keys with scale 1/√d, in 8 bits, of the same shapes; d a multiple of 16. Result: bfloat16,
  // (Tq, heads, d), contiguous.
  at::Tensor operator()(const Float8Heads& q, const Float8Heads& k, const Float8Heads& v) const;

 private:
  at::Tensor call(std::vector<at::IValue> arguments) const;

  std::shared_ptr<const c10::OperatorHandle> forward_;
  std::vector<at::IValue> defaults_;  // of all arguments, in order
  std::size_t causal_ = 0;            // index of is_causal in defaults_
  std::size_t q_descale_ = 0;         // and of q_descale, which those of k and v follow
};

// The kernel from the first of flash_attention_places() that has the library. Throws InputError when none has it, or as
// the constructor does.
std::shared_ptr<const FlashAttention> find_flash_attention();

// Where the library is looked for, best first: the file that ORRERY_FA3 names, and nowhere else when it is set;
// otherwise beside the program, in ../lib of its folder, and in tools/setup.sh's cache.
std::vector<std::filesystem::path> flash_attention_places();

// Attention over some of the keys.
struct PartialAttention {
  at::Tensor out;          // (tokens, heads, head_dim)
  at::Tensor log_sum_exp;  // (heads, tokens) float32, contiguous: of each query's scaled scores, natural logarithm
};

// Makes of `some.out`, in place, the attention over these keys and the `rest` (the two sets have no key in common). On
// a GPU in bfloat16, contiguous, one kernel.
void join_attention(PartialAttention& some, const PartialAttention& rest);

// join_attention() composed of ATen operations, on any device and in any dtype.
void join_attention_aten(PartialAttention& some, const PartialAttention& rest);

}  // namespace orrery
