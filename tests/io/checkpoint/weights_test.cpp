#include "io/checkpoint/weights.h"

#include <gtest/gtest.h>

#include "io/checkpoint/safetensors_files.h"
#include "write_checkpoint.h"

namespace orrery {
namespace {

constexpr const char* kSingle = "diffusion_pytorch_model.safetensors";

at::Tensor counting(at::IntArrayRef shape, at::ScalarType dtype = at::kFloat) {
  return at::arange(c10::multiply_integers(shape)).reshape(shape).to(at::kFloat).div(8).to(dtype);
}

class WeightsTest : public testing::Test {
 protected:
  Weights open(const Tensors& tensors, Shard tp = {}, at::ScalarType dtype = at::kFloat) const {
    folder_.write(kSingle, safetensors(tensors));
    return {std::make_shared<ShardedCheckpoint>(folder_.path()), tp, at::kCPU, dtype};
  }
  std::string file() const { return (folder_.path() / kSingle).string(); }
  TemporaryFolder folder_;
};

class WeightsSplit : public WeightsTest, public testing::WithParamInterface<int> {};

TEST_P(WeightsSplit, PiecesJoinToTheWhole) {
  const Tensors tensors = {{"m", counting({8, 12})}, {"b", counting({8})}, {"c", counting({4, 8, 3, 1, 2})}};
  std::vector<at::Tensor> rows, columns, bias, deep;
  for (int rank = 0; rank < GetParam(); ++rank) {
    const Weights weights = open(tensors, {rank, GetParam()});
    rows.push_back(weights.take("m", {8, 12}, Split::Rows));
    columns.push_back(weights.take("m", {8, 12}, Split::Columns));
    bias.push_back(weights.take("b", {8}, Split::Rows));
    deep.push_back(weights.take("c", {4, 8, 3, 1, 2}, Split::Columns));
    EXPECT_TRUE(at::equal(weights.take("m", {8, 12}), tensors.at("m")));
    EXPECT_TRUE(columns.back().is_contiguous());
  }
  EXPECT_EQ(rows.front().size(0), 8 / GetParam());
  EXPECT_TRUE(at::equal(at::cat(rows, 0), tensors.at("m")));
  EXPECT_TRUE(at::equal(at::cat(columns, 1), tensors.at("m")));
  EXPECT_TRUE(at::equal(at::cat(bias, 0), tensors.at("b")));
  EXPECT_TRUE(at::equal(at::cat(deep, 1), tensors.at("c")));
}

TEST_P(WeightsSplit, StackedPartsAreCutOneByOne) {
  const Tensors tensors = {{"q", counting({8, 3})}, {"k", counting({4, 3}).add(100)}, {"v", counting({4, 3}).add(200)}};
  for (int rank = 0; rank < GetParam(); ++rank) {
    const Shard tp{rank, GetParam()};
    const at::Tensor stacked = open(tensors, tp).take_stacked({{"q", 8}, {"k", 4}, {"v", 4}}, 3);
    std::vector<at::Tensor> expected;
    for (const char* name : {"q", "k", "v"}) {
      const Range mine = tp.slice(tensors.at(name).size(0));
      expected.push_back(tensors.at(name).narrow(0, mine.begin, mine.size));
    }
    EXPECT_TRUE(at::equal(stacked, at::cat(expected, 0))) << "rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks, WeightsSplit, testing::Values(1, 2, 4));

TEST_F(WeightsTest, ConvertsEveryStoredTypeToEveryTarget) {
  const at::Tensor values = counting({5, 7}).sub(2.03);
  for (const auto stored : {at::kBFloat16, at::kHalf, at::kFloat}) {
    for (const auto target : {at::kBFloat16, at::kHalf, at::kFloat}) {
      const at::Tensor kept = values.to(stored);
      const Weights weights = open({{"w", kept}}, {}, target);
      const at::Tensor read = weights.take("w", {5, 7});
      EXPECT_EQ(read.scalar_type(), target);
      EXPECT_TRUE(at::equal(read, kept.to(target)));
      const at::Tensor island = weights.take_float32("w", {5, 7});
      EXPECT_EQ(island.scalar_type(), at::kFloat);
      EXPECT_TRUE(at::equal(island, kept.to(at::kFloat)));
    }
  }
}

TEST_F(WeightsTest, CountsTheBytesItHandsOut) {
  const Weights weights = open({{"a.m", counting({6, 4})}, {"a.b", counting({6})}}, {0, 2}, at::kBFloat16);
  (weights / "a").take("m", {6, 4}, Split::Rows);
  EXPECT_EQ(weights.bytes(), 3 * 4 * 2);
  (weights / "a").take_float32("b", {6});
  (weights / "a").take_stacked({{"m", 6}}, 4);
  EXPECT_EQ(weights.bytes(), 2 * 3 * 4 * 2 + 6 * 4);
}

TEST_F(WeightsTest, OutlivesItsSource) {
  at::Tensor taken = open({{"w", counting({3})}}).take("w", {3});
  EXPECT_TRUE(at::equal(taken, counting({3})));
  taken.add_(1);  // take() returns a copy: the file is mapped read-only
}

TEST_F(WeightsTest, ScopesFollowTheNames) {
  const Weights weights = open({{"layers.3.mlp.up", counting({2})}, {"scale", at::full({}, 5.0)}});
  const Weights mlp = weights / "layers" / 3 / "mlp";
  EXPECT_TRUE(mlp.has("up"));
  EXPECT_FALSE(mlp.has("down"));
  EXPECT_FALSE(weights.has("up"));
  EXPECT_TRUE(at::equal(mlp.take("up", {2}), counting({2})));
  EXPECT_EQ(weights.take("scale", {}).item<float>(), 5);
}

TEST_F(WeightsTest, ErrorsNameTensorAndFile) {
  const Weights weights = open({{"a.m", counting({6, 4})}, {"a.b", counting({6})}}, {0, 4});
  const Weights a = weights / "a";
  expect_refused([&] { a.take("none", {2, 3}); }, file() + ": tensor a.none is missing", "[2, 3]");
  expect_refused([&] { a.take("m", {6, 5}); }, file() + ": tensor a.m: found shape [6, 4], expected [6, 5]");
  expect_refused([&] { a.take("m", {24}); }, "found shape [6, 4], expected [24]");
  expect_refused([&] { a.take("m", {6, 4}, Split::Rows); }, "tensor a.m: its 6 rows do not split over tp 4 ranks");
  expect_refused([&] { a.take_stacked({{"m", 6}}, 4); }, "tensor a.m: its 6 rows do not split");
  expect_refused([&] { a.take_stacked({{"m", 8}}, 4); }, "tensor a.m: found shape [6, 4], expected [8, 4]");
  EXPECT_THROW(a.take("b", {6}, Split::Columns), Error);
  EXPECT_EQ(a.take("m", {6, 4}, Split::Columns).size(1), 1);
}

TEST_F(WeightsTest, UnreadTensorsAreReported) {
  Tensors tensors;
  for (const char* name : {"a", "b", "c", "d", "e.x", "e.y"}) tensors[name] = counting({2});
  const Weights weights = open(tensors);
  weights.take("a", {2});
  expect_refused([&] { weights.require_all_read(); }, file() + ": 5 tensor", ": b, c, d, …");
  weights.ignore("c");
  (weights / "e").ignore("x");
  expect_refused([&] { weights.require_all_read(); }, "3 tensor", ": b, d, e.y:");
  const Weights copy = weights / "e";
  copy.take("y", {2});
  weights.take_float32("b", {2});
  weights.take("d", {2});
  EXPECT_NO_THROW(copy.require_all_read());
}

TEST_F(WeightsTest, ATensorThatFailedToReadIsNotRead) {
  const Weights weights = open({{"w", at::ones({2}, at::kLong)}});
  expect_refused([&] { weights.take("w", {2}); }, "I64 is not supported");
  expect_refused([&] { weights.require_all_read(); }, "1 tensor", "w");
}

}  // namespace
}  // namespace orrery
