#include "io/checkpoint/random_checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/checkpoint/random_value.h"
#include "io/checkpoint/weights.h"

namespace orrery {
namespace {

const RandomTensors kTensors = {{"matrix", {{48, 64}, 0, 0.125}},
                                {"bias", {{48}, 0, 0.02}},
                                {"norm", {{64}, 1, 0.02}},
                                {"kernel", {{8, 16, 3, 3, 3}, 0, 0.05}},
                                {"large", {{1 << 20}, 0, 1}},
                                {"large_norm", {{1 << 20}, 1, 0.02}},
                                {"scalar", {{}, 0, 1}}};

Weights open(Shard tp = {}, at::ScalarType dtype = at::kFloat, at::Device device = at::kCPU) {
  return {std::make_shared<RandomCheckpoint>("random:test", kTensors), tp, device, dtype};
}

class RandomSplit : public testing::TestWithParam<int> {};

TEST_P(RandomSplit, PiecesJoinToTheWhole) {
  std::vector<at::Tensor> rows, columns, deep;
  for (int rank = 0; rank < GetParam(); ++rank) {
    const Weights weights = open({rank, GetParam()});
    rows.push_back(weights.take("matrix", {48, 64}, Split::Rows));
    columns.push_back(weights.take("matrix", {48, 64}, Split::Columns));
    deep.push_back(weights.take("kernel", {8, 16, 3, 3, 3}, Split::Columns));
  }
  EXPECT_TRUE(at::equal(at::cat(rows, 0), open().take("matrix", {48, 64})));
  EXPECT_TRUE(at::equal(at::cat(columns, 1), open().take("matrix", {48, 64})));
  EXPECT_TRUE(at::equal(at::cat(deep, 1), open().take("kernel", {8, 16, 3, 3, 3})));
}

TEST_P(RandomSplit, StackedPartsAreTheSingleOnes) {
  const Weights weights = open({GetParam() - 1, GetParam()});
  const at::Tensor stacked = weights.take_stacked({{"matrix", 48}, {"matrix", 48}}, 64);
  const at::Tensor one = weights.take("matrix", {48, 64}, Split::Rows);
  EXPECT_TRUE(at::equal(stacked, at::cat({one, one})));
}

INSTANTIATE_TEST_SUITE_P(Ranks, RandomSplit, testing::Values(1, 2, 4, 8));

TEST(RandomCheckpoint, AnySliceOfAnyDimensionIsThatOfTheWhole) {
  const RandomCheckpoint checkpoint("random:test", kTensors);
  const at::Tensor whole = open().take("kernel", {8, 16, 3, 3, 3});
  for (std::int64_t dim = 0; dim < whole.dim(); ++dim) {
    for (std::int64_t begin = 0; begin < whole.size(dim); ++begin) {
      const Range range{begin, std::min<std::int64_t>(3, whole.size(dim) - begin)};
      const at::Tensor expected = whole.narrow(dim, range.begin, range.size);
      at::Tensor into = at::zeros(expected.sizes());
      checkpoint.copy("kernel", {dim, range}, into);
      ASSERT_TRUE(at::equal(into, expected)) << "dimension " << dim << " from " << begin;
    }
  }
}

TEST(RandomCheckpoint, AViewIsFilledAndNothingBesideIt) {
  const RandomCheckpoint checkpoint("random:test", kTensors);
  at::Tensor frame = at::full({66, 50}, 9.0);
  const at::Tensor inside = frame.narrow(0, 1, 64).narrow(1, 1, 48).t();
  checkpoint.copy("matrix", {0, {0, 48}}, inside);
  EXPECT_TRUE(at::equal(inside, open().take("matrix", {48, 64})));
  EXPECT_EQ(frame.eq(9).sum().item<std::int64_t>(), 66 * 50 - 64 * 48);
}

TEST(RandomCheckpoint, ThreadsShareTheWorkWithoutATrace) {
  const at::Tensor whole = open().take("large", {1 << 20});
  const RandomCheckpoint checkpoint("random:test", kTensors);
  for (const std::int64_t begin : {32767, 32768, 32769, 99991}) {
    at::Tensor piece = at::empty({70001});
    checkpoint.copy("large", {0, {begin, 70001}}, piece);
    EXPECT_TRUE(at::equal(piece, whole.narrow(0, begin, 70001))) << begin;
  }
}

TEST(RandomCheckpoint, OtherDtypesAreFloat32RoundedOnce) {
  for (const auto& [name, tensor] : kTensors) {
    const at::Tensor exact = open().take(name, tensor.shape);
    EXPECT_TRUE(at::equal(open({}, at::kBFloat16).take(name, tensor.shape), exact.to(at::kBFloat16))) << name;
    EXPECT_TRUE(at::equal(open({}, at::kHalf).take(name, tensor.shape), exact.to(at::kHalf))) << name;
    EXPECT_TRUE(at::equal(open({}, at::kBFloat16).take_float32(name, tensor.shape), exact)) << name;
  }
}

TEST(RandomCheckpoint, MeanAndSpreadAreThoseAskedFor) {
  for (const char* name : {"large", "large_norm"}) {
    const RandomTensor& asked = kTensors.at(name);
    const at::Tensor values = open().take(name, asked.shape).to(at::kDouble);
    // Five standard errors; for the spread, also the rounding of the step.
    const double count = static_cast<double>(values.numel());
    EXPECT_NEAR(values.mean().item<double>(), asked.mean, 5 * asked.spread / std::sqrt(count)) << name;
    EXPECT_NEAR(values.std().item<double>() / asked.spread, 1, 1.0 / 128 + 5 / std::sqrt(2 * count)) << name;
    EXPECT_LE((values - asked.mean).abs().max().item<double>(), 3.5 * asked.spread) << name;
    const at::Tensor centred = values - asked.mean;
    const at::Tensor neighbours = centred.narrow(0, 1, centred.numel() - 1) * centred.narrow(0, 0, centred.numel() - 1);
    EXPECT_NEAR(neighbours.mean().item<double>() / std::pow(asked.spread, 2), 0, 5 / std::sqrt(count)) << name;
  }
}

TEST(RandomCheckpoint, TensorsOfDifferentNamesAreUnrelated) {
  const RandomTensors twins = {{"a", {{1 << 16}, 0, 1}}, {"b", {{1 << 16}, 0, 1}}};
  const Weights weights(std::make_shared<RandomCheckpoint>("random:twins", twins), Shard{}, at::kCPU, at::kFloat);
  const at::Tensor product = weights.take("a", {1 << 16}) * weights.take("b", {1 << 16});
  EXPECT_NEAR(product.mean().item<double>(), 0, 5.0 / 256);
}

TEST(RandomCheckpoint, AuditsMakeNothing) {
  EXPECT_TRUE(open({}, at::kFloat, at::kMeta).take("large", {1 << 20}).is_meta());
}

TEST(RandomCheckpoint, TheFingerprintFollowsTheLayout) {
  const std::string fingerprint = RandomCheckpoint("random:test", kTensors).fingerprint();
  EXPECT_TRUE(fingerprint.starts_with("random-v1-")) << fingerprint;
  EXPECT_EQ(fingerprint.size(), std::string("random-v1-").size() + 16);
  EXPECT_EQ(RandomCheckpoint("elsewhere", kTensors).fingerprint(), fingerprint);
  RandomTensors other = kTensors;
  other["bias"].spread *= 2;
  EXPECT_NE(RandomCheckpoint("random:test", other).fingerprint(), fingerprint);
}

// Latents of version 1 must be made again by every later program: another sequence needs another version.
TEST(RandomValue, TheSequenceIsThatOfItsVersion) {
  EXPECT_EQ(RandomCheckpoint::kGeneratorVersion, 1);
  static_assert(random_value({0, 1, 0}, 5) == 1);
  constexpr std::int64_t kFar = (std::int64_t{1} << 40) + 7;
  std::vector<std::int32_t> counts;
  for (const std::int64_t i : {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, kFar}) {
    counts.push_back(random_count(42, i));
  }
  EXPECT_EQ(counts, (std::vector<std::int32_t>{-29057, 44941, -40692, 11259, 23860}));
}

TEST(RandomValue, ACountHasNoMoreThan17Bits) {
  for (std::int64_t i = 0; i < 100000; ++i) ASSERT_LT(std::abs(random_count(7, i)), 1 << 17);
}

}  // namespace
}  // namespace orrery
