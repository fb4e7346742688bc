// The video VAE's kernels by hand, as ATen computes them.
#include <gtest/gtest.h>

#include <cmath>

#include "models/kernels/channel_norm_silu.h"
#include "models/kernels/narrow_conv.h"
#include "models/kernels/pixel_sums.h"

namespace orrery {
namespace {

at::Tensor pixel(std::initializer_list<float> channels) { return at::tensor(channels).view({1, -1, 1, 1, 1}); }

TEST(ChannelNormSilu, NormsWhatTheBiasGives) {
  const at::Tensor out = at::empty({1, 2, 1, 1, 1});
  channel_norm_silu(pixel({2, 5}), at::tensor({1.0F, -1.0F}), at::tensor({1.0F, 10.0F}), out);  // (3, 4) / 5 · gain
  EXPECT_NEAR(out[0][0].item<float>(), 0.6 / (1 + std::exp(-0.6)), 1e-6);
  EXPECT_NEAR(out[0][1].item<float>(), 8 / (1 + std::exp(-8.0)), 1e-5);
}

TEST(ChannelNormSilu, LeavesNothingOfNothing) {
  const at::Tensor out = at::ones({1, 2, 1, 1, 1});
  channel_norm_silu(pixel({0, 0}), {}, at::ones({2}), out);
  EXPECT_TRUE(out.eq(0).all().item<bool>());
}

TEST(AddBiased, AddsBoth) {
  at::Tensor x = pixel({1, 2});
  add_biased(x, at::tensor({10.0F, 20.0F}), pixel({100, 200}));
  EXPECT_TRUE(at::equal(x, pixel({111, 222})));
  add_biased(x, {}, pixel({1, 1}));
  EXPECT_TRUE(at::equal(x, pixel({112, 223})));
}

// A reference that lays out all of the larger picture, as MODEL.md says it.
at::Tensor laid_out(const at::Tensor& x, std::int64_t out, std::int64_t time, bool first) {
  const std::int64_t frames = x.size(2), height = x.size(3), width = x.size(4);
  const at::Tensor all = x.repeat_interleave(out * time * 4 / x.size(1), 1)
                             .view({1, out, time, 2, 2, frames, height, width})
                             .permute({0, 1, 5, 2, 6, 3, 7, 4})
                             .reshape({1, out, frames * time, height * 2, width * 2});
  return first ? all.narrow(2, time - 1, frames * time - (time - 1)) : all;
}

struct Growing {
  std::int64_t in, out, time, frames;
  bool first;
};

class AddRepeated : public testing::TestWithParam<Growing> {};

TEST_P(AddRepeated, LaysChannelsOutOverTheLargerPicture) {
  const auto [in, out, time, frames, first] = GetParam();
  const at::Tensor x = at::randn({1, in, frames, 3, 4});
  const at::Tensor expected = laid_out(x, out, time, first);
  const at::Tensor y = at::randn(expected.sizes());
  const at::Tensor bias = at::randn({out});
  const at::Tensor sum = at::zeros_like(expected);
  GrownRow row{.time = time, .first = first};
  for (row.row = 0; row.row < 2; ++row.row) {
    const auto of_row = [&](const at::Tensor& all) { return all.slice(3, row.row, c10::nullopt, 2); };
    const auto column = [&](std::int64_t first_column) { return of_row(y).slice(4, first_column, c10::nullopt, 2); };
    add_repeated({column(0), column(1)}, bias, x, row, of_row(sum));
  }
  EXPECT_TRUE(at::allclose(sum, expected + y + bias.view({-1, 1, 1, 1}), 0, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Shapes, AddRepeated,
                         testing::Values(Growing{8, 8, 2, 2, false}, Growing{8, 8, 2, 1, true},
                                         Growing{8, 4, 1, 3, false}, Growing{8, 4, 1, 1, true},
                                         Growing{12, 9, 2, 1, false}));

TEST(NarrowWeight, IsOrderedAsLanesTakeIt) {
  const at::Tensor weight = at::arange(12 * 32 * 27, at::kFloat).view({12, 32, 3, 3, 3}) + 1;
  const at::Tensor ordered = narrow_weight(weight);
  ASSERT_EQ(ordered.sizes(), (std::vector<std::int64_t>{2, 3, 3, 3, 32, 2, 2, 2}));
  ASSERT_TRUE(ordered.is_contiguous());
  EXPECT_EQ(ordered.ne(0).sum().item<std::int64_t>(), weight.numel());
  for (std::int64_t output = 0; output < 12; ++output) {
    for (std::int64_t channel = 0; channel < 32; ++channel) {
      const std::int64_t lane = output % 8 * 4 + channel % 8 / 2;
      // (row, column, frame) of all taps
      const at::Tensor taps = ordered.select(0, channel / 16).select(3, lane).select(3, output / 8);
      const at::Tensor mine = taps.select(3, channel / 8 % 2).select(3, channel % 2);
      EXPECT_TRUE(at::equal(mine, weight[output][channel].permute({1, 2, 0}))) << output << " " << channel;
    }
  }
}

TEST(NarrowConvolution, TakesNothingOnACpu) {
  const NarrowConv conv(at::zeros({12, 16, 3, 3, 3}, at::kBFloat16), at::zeros({12}, at::kBFloat16));
  EXPECT_FALSE(conv.takes(at::zeros({1, 6, 3, 3, 16}, at::kBFloat16).permute({0, 4, 1, 2, 3})));
}

}  // namespace
}  // namespace orrery
