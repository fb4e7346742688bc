// The video VAE's kernels against their ATen twins in float32 on the same bfloat16 inputs: one rounding of the result
// is all that may differ. They write into views of larger pictures, whose other pixels must keep their bits.
#include <gtest/gtest.h>

#include <cmath>

#include "models/kernels/channel_norm_silu.h"
#include "models/kernels/gpu_layout.h"
#include "models/kernels/narrow_conv.h"
#include "models/kernels/pixel_sums.h"
#include "support/golden.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr double kOneRounding = 0x1p-8;  // relative, at most: bfloat16 has 8 bits; of many numbers 1.6e-3 on average

at::Tensor random(at::IntArrayRef shape) {
  return at::randn(shape, at::TensorOptions(test_device())).to(at::kBFloat16);
}

// Channels last.
at::Tensor random_pixels(std::int64_t channels, std::int64_t frames, std::int64_t rows, std::int64_t columns) {
  return random({1, frames, rows, columns, channels}).permute({0, 4, 1, 2, 3});
}

at::Tensor exact(const at::Tensor& x) { return x.defined() ? x.to(at::kFloat) : x; }

// Of a picture with one pixel more on each side.
at::Tensor middle(const at::Tensor& padded) {
  return padded.narrow(3, 1, padded.size(3) - 2).narrow(4, 1, padded.size(4) - 2);
}

class ChannelNormSilu : public testing::TestWithParam<std::int64_t> {};

TEST_P(ChannelNormSilu, EqualsItsTwinInsideAPaddedPicture) {
  const std::int64_t channels = GetParam();
  for (const bool biased : {true, false}) {
    const at::Tensor x = random_pixels(channels, 3, 5, 7);
    const at::Tensor bias = biased ? random({channels}) : at::Tensor();
    const at::Tensor gain = exact(random({channels}));
    const at::Tensor poison = random_pixels(channels, 3, 7, 9);
    const at::Tensor padded = poison.clone();
    ASSERT_TRUE(packed_pixels(x) && packed_pixels(middle(padded)));
    channel_norm_silu(x, bias, gain, middle(padded));
    const at::Tensor expected = at::empty_like(exact(x));
    channel_norm_silu_aten(exact(x), exact(bias), gain, expected);
    EXPECT_LE(relative_rms(middle(padded), expected), kOneRounding);
    middle(padded).copy_(middle(poison));
    EXPECT_TRUE(at::equal(padded, poison)) << "the border";
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, ChannelNormSilu, testing::Values(8, 16, 256, 264, 512, 1024, 2048));

TEST(AddBiased, EqualsItsTwin) {
  for (const bool biased : {true, false}) {
    at::Tensor x = random_pixels(264, 2, 5, 3);
    const at::Tensor residual = random_pixels(264, 2, 5, 3);
    const at::Tensor bias = biased ? random({264}) : at::Tensor();
    at::Tensor expected = exact(x);
    add_biased_aten(expected, exact(bias), exact(residual));
    add_biased(x, bias, residual);
    EXPECT_LE(relative_rms(x, expected), kOneRounding);
  }
}

struct Growing {
  std::int64_t in, out, time, frames;
  bool first;
};

class AddRepeated : public testing::TestWithParam<Growing> {};

TEST_P(AddRepeated, EqualsItsTwinInBothRows) {
  const auto [in, out, time, frames, first] = GetParam();
  const at::Tensor x = random_pixels(in, frames, 5, 6);
  const std::int64_t grown = first ? frames : frames * time;
  const at::Tensor all = random_pixels(out, grown, 6, 7);
  const at::Tensor bias = random({out});
  const at::Tensor large = random_pixels(out, grown, 10, 12);
  const at::Tensor expected = exact(large);
  GrownRow row{.time = time, .first = first};
  for (row.row = 0; row.row < 2; ++row.row) {
    const auto of_row = [&](const at::Tensor& picture) { return picture.slice(3, row.row, c10::nullopt, 2); };
    const auto part = [&](std::int64_t column) { return all.narrow(3, row.row, 5).narrow(4, column, 6); };
    const ColumnPair y{part(0), part(1)};
    ASSERT_TRUE(packed_pixels(y[0]) && packed_pixels(y[1]) && packed_pixels(of_row(large)));
    add_repeated(y, bias, x, row, of_row(large));
    add_repeated_aten({exact(y[0]), exact(y[1])}, exact(bias), exact(x), row, of_row(expected));
  }
  EXPECT_LE(relative_rms(large, expected), kOneRounding);
}

INSTANTIATE_TEST_SUITE_P(Shapes, AddRepeated,
                         testing::Values(Growing{1024, 1024, 2, 2, false}, Growing{1024, 1024, 2, 1, true},
                                         Growing{1024, 512, 1, 3, false}, Growing{16, 8, 1, 1, true},
                                         Growing{16, 24, 2, 3, false}, Growing{8, 8, 2, 1, false}));

struct Narrow {
  std::int64_t channels, frames, rows, columns;
};

class NarrowConvolution : public testing::TestWithParam<Narrow> {};

// Inside a larger picture of numbers that would spoil every sum.
TEST_P(NarrowConvolution, EqualsLibTorchsInFloat32) {
  const auto [channels, frames, rows, columns] = GetParam();
  const at::Tensor larger = random_pixels(channels, frames + 2, rows + 5, columns + 5).fill_(NAN);
  const at::Tensor x = larger.narrow(3, 1, rows + 2).narrow(4, 2, columns + 2);
  x.copy_(random(x.sizes()));
  const at::Tensor weight = random({NarrowConv::kOutputs, channels, 3, 3, 3});
  const at::Tensor bias = random({NarrowConv::kOutputs});
  const NarrowConv conv(weight, bias);
  ASSERT_TRUE(conv.takes(x));
  const at::Tensor y = conv(x);
  const at::Tensor expected = at::conv3d(exact(x).cpu(), exact(weight).cpu(), exact(bias).cpu());
  ASSERT_EQ(y.sizes(), expected.sizes());
  EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast3d));
  EXPECT_LE(relative_rms(y, expected), kOneRounding);
}

// A tile, less than one, several with edges; one part of the channels, two, those of the published model.
INSTANTIATE_TEST_SUITE_P(Shapes, NarrowConvolution,
                         testing::Values(Narrow{16, 4, 8, 32}, Narrow{16, 4, 3, 5}, Narrow{32, 8, 19, 75},
                                         Narrow{48, 4, 9, 33}, Narrow{256, 4, 17, 40}));

TEST(NarrowConvolution, TakesWhatItCan) {
  const at::Tensor bias = random({12});
  const NarrowConv conv(random({12, 32, 3, 3, 3}), bias);
  EXPECT_TRUE(conv.takes(random_pixels(32, 6, 3, 3)));
  EXPECT_FALSE(conv.takes(random_pixels(32, 3, 3, 3))) << "a clip's first frame";
  EXPECT_FALSE(conv.takes(random_pixels(48, 6, 3, 3))) << "other channels";
  EXPECT_FALSE(conv.takes(random_pixels(32, 6, 2, 3))) << "no row";
  EXPECT_FALSE(conv.takes(random({1, 32, 6, 3, 3}))) << "channels first";
  EXPECT_FALSE(conv.takes(random_pixels(32, 6, 3, 3).to(at::kFloat)));
  const at::Tensor x = random_pixels(32, 6, 3, 3);
  EXPECT_FALSE(NarrowConv(random({16, 32, 3, 3, 3}), bias).takes(x)) << "16 outputs";
  EXPECT_FALSE(NarrowConv(random({12, 32, 3, 1, 1}), bias).takes(x)) << "in time only";
  EXPECT_FALSE(NarrowConv(random({12, 32, 3, 3, 3}).cpu(), bias).takes(x)) << "weights on the CPU";
}

}  // namespace
}  // namespace orrery
