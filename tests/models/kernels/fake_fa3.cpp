// Stands for the library of the wheel fa3-fwd: registers fa3_fwd::fwd with the arguments that FAKE_SCHEMA has, for
// tensors of the CPU. Its attention is ATen's.
#include <ATen/ATen.h>
#include <torch/library.h>

namespace {

constexpr std::size_t kCausal = 24, kSplits = 31;

// (1, T, heads, d) → (1, heads, T, d)
at::Tensor heads_first(const at::IValue& x) { return x.toTensor().transpose(1, 2); }

// Whatever stands between the values and is_causal has to be left out, and the keys to be taken in one pass.
void check(const std::vector<at::IValue>& arguments) {
  for (std::size_t i = 3; i < kCausal; ++i) TORCH_CHECK(arguments[i].isNone(), "argument ", i + 1, " is given");
  TORCH_CHECK(arguments[kSplits].toInt() == 1, "num_splits is not 1");
}

[[maybe_unused]] void forward(const c10::OperatorHandle&, std::vector<at::IValue>* stack) {
  check(*stack);
  const at::Tensor q = heads_first((*stack)[0]), k = heads_first((*stack)[1]), v = heads_first((*stack)[2]);
  const bool causal = (*stack)[kCausal].toBool();
  const at::Tensor out = at::scaled_dot_product_attention(q, k, v, {}, 0.0, causal, std::nullopt, /*enable_gqa=*/true);
  *stack = {out.transpose(1, 2).contiguous(), at::zeros({1}), at::zeros({0}), at::zeros({0})};
}

}  // namespace

#ifdef FAKE_SCHEMA
TORCH_LIBRARY(fa3_fwd, m) { m.def("fwd(" FAKE_SCHEMA ") -> (Tensor(out!), Tensor, Tensor, Tensor)"); }
TORCH_LIBRARY_IMPL(fa3_fwd, CPU, m) { m.impl("fwd", torch::CppFunction::makeFromBoxedFunction<&forward>()); }
#endif
