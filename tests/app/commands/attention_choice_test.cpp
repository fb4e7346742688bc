#include "app/commands/attention_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const AttentionCase kOnCpu{at::kCPU, at::kFloat, 128};
const AttentionCase kOnGpu{at::Device(at::kCUDA, 0), at::kBFloat16, 128};

std::string refusal(AttentionWish wish, const AttentionKernels& kernels) {
  try {
    choose(wish, kernels);
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST(AttentionChoice, IsCudnnOnEveryRankWhenOneLacksFlashAttention) {
  const bool last = mpi_world().shard().rank + 1 == mpi_world().shard().size;
  const AttentionKernels all = common_kernels(kOnGpu, nullptr, last ? "not installed here" : "", mpi_world());
  EXPECT_EQ(all.without_fa3, "not installed here");
  EXPECT_EQ(choose(AttentionWish::Auto, all).kernel, AttentionKernel::Cudnn);
  EXPECT_EQ(choose(AttentionWish::Cudnn, all).kernel, AttentionKernel::Cudnn);
  EXPECT_EQ(refusal(AttentionWish::Fa3, all), "--attention-kernel fa3: not installed here");
}

TEST(AttentionChoice, IsTheFastestThatEveryRankHas) {
  const AttentionKernels all = common_kernels(kOnGpu, nullptr, "", mpi_world());
  EXPECT_THAT(all.without_fa3, IsEmpty());
  EXPECT_EQ(choose(AttentionWish::Auto, all).kernel, AttentionKernel::Fa3);
  EXPECT_EQ(choose(AttentionWish::Fa3, all).kernel, AttentionKernel::Fa3);
  EXPECT_EQ(choose(AttentionWish::Cudnn, all).kernel, AttentionKernel::Cudnn);
}

TEST(AttentionChoice, IsAtensOnACpu) {
  const AttentionChoice choice = choose_attention(AttentionWish::Auto, RowFormat::Plain, kOnCpu, mpi_world());
  EXPECT_EQ(choice.by.kernel, AttentionKernel::Aten);
  EXPECT_THAT(choice.remark, IsEmpty());
  const AttentionKernels kernels = find_attention(kOnCpu, mpi_world());
  EXPECT_THAT(refusal(AttentionWish::Fa3, kernels), HasSubstr("--attention-kernel fa3: it runs on GPUs, not on CPUs"));
  EXPECT_THAT(refusal(AttentionWish::Cudnn, kernels),
              HasSubstr("--attention-kernel cudnn: cuDNN computes attention only on GPUs"));
}

std::string refusal_in_8_bits(const AttentionCase& attention, AttentionKernel kernel, const std::string& without_fa3) {
  try {
    in_format(RowFormat::Float8, {kernel, {}}, attention, without_fa3);
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST(AttentionChoice, InEightBitsIsFlashAttentionsOnAGpu) {
  EXPECT_EQ(refusal_in_8_bits(kOnGpu, AttentionKernel::Fa3, ""), "");
  EXPECT_EQ(refusal_in_8_bits(kOnGpu, AttentionKernel::Cudnn, "no such file here"),
            "--attention fp8: on GPUs only FlashAttention-3's kernel supports it: no such file here: leave one of the "
            "options "
            "out");
  EXPECT_THAT(refusal_in_8_bits(kOnGpu, AttentionKernel::Cudnn, ""),
              HasSubstr("--attention-kernel selects another one"));
  EXPECT_EQ(refusal_in_8_bits(kOnCpu, AttentionKernel::Aten, ""), "");
  AttentionCase odd = kOnCpu;
  odd.head_dim = 96;
  EXPECT_THAT(refusal_in_8_bits(odd, AttentionKernel::Aten, ""),
              HasSubstr("--attention fp8: heads of 96 values cannot be"));
  const AttentionChoice choice = choose_attention(AttentionWish::Auto, RowFormat::Float8, kOnCpu, mpi_world());
  EXPECT_EQ(choice.by.attention.format(), RowFormat::Float8);
}

}  // namespace
}  // namespace orrery
