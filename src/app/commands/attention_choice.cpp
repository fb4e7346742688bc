#include "app/commands/attention_choice.h"

#include <memory>
#include <utility>

#include "app/cli/option_values.h"
#include "base/core/error.h"

namespace orrery {
namespace {

AttentionKernels without_fa3(const AttentionCase& attention, std::string why) {
  return {{{libtorch_kernel(attention), Attention()}}, std::move(why)};
}

// Loads FlashAttention-3; returns null and sets `problem` when this rank does not have it.
std::shared_ptr<const FlashAttention> load_fa3(const AttentionCase& attention, std::string& problem) {
  problem = fa3_problem(attention);
  if (!problem.empty()) return nullptr;
  try {
    return find_flash_attention();
  } catch (const InputError& e) {
    problem = e.what();
    return nullptr;
  }
}

}  // namespace

AttentionKernels common_kernels(const AttentionCase& attention, const std::shared_ptr<const FlashAttention>& own,
                                const std::string& problem, const Comm& world) {
  AttentionKernels kernels = without_fa3(attention, world.first_problem(problem));
  if (kernels.without_fa3.empty()) {
    kernels.fastest_first.insert(kernels.fastest_first.begin(), {AttentionKernel::Fa3, Attention(own)});
  }
  return kernels;
}

AttentionKernels find_attention(const AttentionCase& attention, const Comm& world) {
  std::string problem;
  const std::shared_ptr<const FlashAttention> own = load_fa3(attention, problem);
  return common_kernels(attention, own, problem, world);
}

const NamedAttention& choose(AttentionWish wish, const AttentionKernels& kernels) {
  const NamedAttention& fastest = kernels.fastest_first.front();
  const NamedAttention& libtorch = kernels.fastest_first.back();
  if (wish == AttentionWish::Fa3) {
    require_input(fastest.kernel == AttentionKernel::Fa3, "--attention-kernel fa3: " + kernels.without_fa3);
  }
  if (wish != AttentionWish::Cudnn) return fastest;
  require_input(libtorch.kernel == AttentionKernel::Cudnn,
                "--attention-kernel cudnn: cuDNN computes attention only on GPUs in bfloat16: leave the option out");
  return libtorch;
}

NamedAttention in_format(RowFormat format, NamedAttention by, const AttentionCase& attention,
                         const std::string& without_fa3) {
  if (format == RowFormat::Plain) return by;
  const std::string problem = float8_problem(attention.head_dim);
  require_input(problem.empty(), "--attention fp8: " + problem);
  const bool lacks_kernel = attention.device.is_cuda() && by.kernel != AttentionKernel::Fa3;
  require_input(!lacks_kernel, "--attention fp8: on GPUs only FlashAttention-3's kernel supports it: " +
                                   (without_fa3.empty() ? "--attention-kernel selects another one" : without_fa3) +
                                   ": leave one of the options out");
  by.attention = by.attention.in(format);
  return by;
}

AttentionChoice choose_attention(AttentionWish wish, RowFormat format, const AttentionCase& attention,
                                 const Comm& world) {
  const AttentionKernels kernels =
      wish == AttentionWish::Cudnn ? without_fa3(attention, "") : find_attention(attention, world);
  AttentionChoice choice{in_format(format, choose(wish, kernels), attention, kernels.without_fa3), {}};
  if (choice.by.kernel == AttentionKernel::Cudnn) choice.remark = kernels.without_fa3;
  return choice;
}

}  // namespace orrery
