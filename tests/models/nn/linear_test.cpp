#include "models/nn/linear.h"

#include <gtest/gtest.h>

#include <map>

#include "io/checkpoint/random_checkpoint.h"
#include "io/checkpoint/weight_source.h"
#include "support/golden.h"

namespace orrery {
namespace {

class TwoLinears : public testing::TestWithParam<at::ScalarType> {
 protected:
  TwoLinears()
      : weights_(std::make_shared<RandomCheckpoint>("two", RandomTensors{{"in.weight", {{40, 6}, 0, 0.5}},
                                                                         {"in.bias", {{40}, 0, 0.5}},
                                                                         {"out.weight", {{5, 40}, 0, 0.5}},
                                                                         {"out.bias", {{5}, 0, 0.5}}}),
                 Shard{}, at::kCPU, GetParam()),
        in_(weights_ / "in", 6, 40, Bias::Yes),
        out_(weights_ / "out", 40, 5, Bias::Yes) {}

  // The stored values of a tensor, exactly.
  at::Tensor weight(const char* scope, const char* name, std::vector<std::int64_t> shape) const {
    return (weights_ / scope).take(name, shape).to(at::kDouble);
  }

  Weights weights_;
  Linear in_, out_;
};

TEST_P(TwoLinears, OneThenTheOtherIsOneProduct) {
  at::manual_seed(1);
  const at::Tensor x = at::randn({7, 6}), shift = at::randn({40});
  const at::Tensor between = at::linear(x.to(at::kDouble), weight("in", "weight", {40, 6}), weight("in", "bias", {40}));
  const at::Tensor outer = weight("out", "weight", {5, 40}), bias = weight("out", "bias", {5});
  EXPECT_LT(relative_rms(in_.then(out_, x, {}), at::linear(between, outer, bias)), 1e-6);
  EXPECT_LT(relative_rms(in_.then(out_, x, shift), at::linear(between + shift, outer, bias)), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Types, TwoLinears, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& type) { return std::string(at::toString(type.param)); });

// Three matrices (6, 32) in float8, each with a factor of its own, and one that is not, as a checkpoint in 8 bits has
// them.
class StoredInEightBits final : public WeightSource {
 public:
  std::vector<std::string> names() const override { return {"a.weight", "b.weight", "weight"}; }
  const TensorInfo* find(const std::string& name) const override {
    if (name == "c.weight") return &plain_info_;
    return matrices_.contains(name) ? &info_ : nullptr;
  }
  bool is_quantised() const override { return true; }
  std::optional<float> input_factor(const std::string& name) const override {
    const auto found = inputs_.find(name);
    return found == inputs_.end() ? std::nullopt : std::optional(found->second);
  }
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override {
    const at::Tensor piece = matrices_.at(name).narrow(slice.dim, slice.range.begin, slice.range.size);
    const bool as_stored = into.scalar_type() == at::kFloat8_e4m3fn;
    into.copy_(as_stored ? piece : piece.to(at::kFloat) * factor(name).value_or(1));
  }
  std::optional<float> factor(const std::string& name) const override {
    const auto found = factors_.find(name);
    return found == factors_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string where(const std::string&) const override { return "here"; }
  std::string fingerprint() const override { return ""; }

 private:
  TensorInfo info_{"F8_E4M3", {6, 32}}, plain_info_{"F32", {6, 32}};
  std::map<std::string, at::Tensor> matrices_{{"a.weight", at::randn({6, 32}).to(at::kFloat8_e4m3fn)},
                                              {"b.weight", at::randn({6, 32}).to(at::kFloat8_e4m3fn)},
                                              {"weight", at::randn({6, 32}).to(at::kFloat8_e4m3fn)},
                                              {"c.weight", at::randn({6, 32})}};
  std::map<std::string, float> factors_{{"a.weight", 0.3F}, {"b.weight", 0.7F}, {"weight", 0.11F}};
  std::map<std::string, float> inputs_{{"a.weight", 0.002F}, {"b.weight", 0.004F}};
};

// The inputs are rounded to 8 bits, the weights not once more.
TEST(StoredInEightBits, WeightsStayAsTheyAre) {
  const auto source = std::make_shared<StoredInEightBits>();
  const Weights whole(source, Shard{}, at::kCPU, at::kFloat);
  const at::Tensor plain_a = whole.take("a.weight", {6, 32}), plain_b = whole.take("b.weight", {6, 32});
  const ScaledRows x = float8_rows(at::randn({5, 32}));
  const at::Tensor inputs = plain_rows(x, at::kFloat);
  for (const int rank : {0, 1}) {
    const Weights mine(source, Shard{rank, 2}, at::kCPU, at::kFloat);
    const ColumnParallelLinear stacked(mine, {{"a.weight", 6}, {"b.weight", 6}}, 32, RowFormat::Float8);
    const at::Tensor rows = at::cat({plain_a.narrow(0, 3 * rank, 3), plain_b.narrow(0, 3 * rank, 3)});
    EXPECT_LT(relative_rms(stacked(x), at::mm(inputs, rows.t())), 1e-6) << rank;
    const RowParallelLinear cut(mine, 32, 6, RowFormat::Float8);
    const ScaledRows half{x.data.narrow(1, 16 * rank, 16), x.scale};
    const at::Tensor columns = whole.take("weight", {6, 32}).narrow(1, 16 * rank, 16);
    EXPECT_LT(relative_rms(cut(half), at::mm(inputs.narrow(1, 16 * rank, 16), columns.t())), 1e-6) << rank;
  }
}

// A pass in full precision has the bits of a model that holds what the weights stand for.
TEST(StoredInEightBits, WeightsAreMultipliedOutForPlainInputs) {
  const auto source = std::make_shared<StoredInEightBits>();
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const Weights weights(source, Shard{1, 2}, at::kCPU, dtype);
    const ScaledRows x{at::randn({5, 32}).to(dtype), {}}, half{x.data.narrow(1, 16, 16), {}};
    const std::vector<WeightPart> parts{{"a.weight", 6}, {"b.weight", 6}};
    const ColumnParallelLinear kept(weights, parts, 32, RowFormat::Float8), plain(weights, parts, 32, RowFormat::Plain);
    EXPECT_EQ(kept.inputs(Precision::Native).format, RowFormat::Float8);
    EXPECT_EQ(kept.inputs(Precision::Full).format, RowFormat::Plain);
    EXPECT_EQ(plain.inputs(Precision::Native).format, RowFormat::Plain);
    EXPECT_TRUE(at::equal(kept(x), plain(x))) << dtype;
    const RowParallelLinear cut(weights, 32, 6, RowFormat::Float8), plain_cut(weights, 32, 6, RowFormat::Plain);
    EXPECT_TRUE(at::equal(cut(half), plain_cut(half))) << dtype;
  }
}

// a and b have the same inputs, which are rounded by the larger of their two factors; the checkpoint has none of
// weight's.
TEST(StoredInEightBits, TheCheckpointSaysHowInputsAreRounded) {
  const Weights weights(std::make_shared<StoredInEightBits>(), Shard{}, at::kCPU, at::kFloat);
  const std::vector<WeightPart> parts{{"a.weight", 6}, {"b.weight", 6}};
  const ColumnParallelLinear fixed(weights, parts, 32, {RowFormat::Float8, true});
  EXPECT_EQ(fixed.inputs(Precision::Native).factor, 0.004F);
  EXPECT_EQ(ColumnParallelLinear(weights, parts, 32, RowFormat::Float8).inputs(Precision::Native).factor, 0);
  EXPECT_EQ(RowParallelLinear(weights, 32, 6, {RowFormat::Float8, true}).inputs(Precision::Native).factor, 0);
}

// A weight that a quantised checkpoint leaves out stays plain, and so does a product of which it is a part.
TEST(StoredInEightBits, WhatIsLeftOutStaysPlain) {
  const Weights weights(std::make_shared<StoredInEightBits>(), Shard{}, at::kCPU, at::kFloat);
  const ColumnParallelLinear alone(weights, {{"c.weight", 6}}, 32, RowFormat::Float8);
  const ColumnParallelLinear mixed(weights, {{"a.weight", 6}, {"c.weight", 6}}, 32, RowFormat::Float8);
  const ScaledRows x{at::randn({5, 32}), {}};
  const at::Tensor a = weights.take("a.weight", {6, 32}), c = weights.take("c.weight", {6, 32});
  for (const ColumnParallelLinear* layer : {&alone, &mixed}) {
    EXPECT_EQ(layer->inputs(Precision::Native).format, RowFormat::Plain);
  }
  EXPECT_TRUE(at::equal(alone(x), at::mm(x.data, c.t())));
  EXPECT_TRUE(at::equal(mixed(x), at::mm(x.data, at::cat({a, c}).t())));
}

// A plain tower keeps what is stored in 8 bits, too, where it is told so: half the memory, the same bits.
TEST(StoredInEightBits, PlainTowersKeepIt) {
  const auto source = std::make_shared<StoredInEightBits>();
  const Weights kept(source, Shard{}, at::kCPU, at::kBFloat16), multiplied(source, Shard{}, at::kCPU, at::kBFloat16);
  const RowParallelLinear in_8_bits(kept, 32, 6, ProductSettings(RowFormat::Float8).plain());
  const RowParallelLinear in_16_bits(multiplied, 32, 6, RowFormat::Plain);
  const ScaledRows x{at::randn({5, 32}).to(at::kBFloat16), {}};
  EXPECT_EQ(in_8_bits.inputs(Precision::Native).format, RowFormat::Plain);
  EXPECT_TRUE(at::equal(in_8_bits(x), in_16_bits(x)));
  EXPECT_EQ(kept.bytes(), 6 * 32 + 6 * 4);
  EXPECT_EQ(multiplied.bytes(), 6 * 32 * 2);
}

struct PolicyCase {
  FullPrecisionSteps steps;
  std::int64_t of;
  std::string by_step;  // F: full precision
};

TEST(FullPrecisionSteps, AreTheFirstAndTheLast) {
  for (const PolicyCase& each : {PolicyCase{{0, 0}, 4, "----"},
                                 {{1, 2}, 5, "F--FF"},
                                 {{0, 1}, 3, "--F"},
                                 {{3, 0}, 4, "FFF-"},
                                 {{3, 3}, 5, "FFFFF"},
                                 {{9, 9}, 1, "F"}}) {
    std::string found;
    for (std::int64_t step = 0; step < each.of; ++step) {
      found += each.steps.at(step, each.of) == Precision::Full ? 'F' : '-';
    }
    EXPECT_EQ(found, each.by_step);
  }
}

}  // namespace
}  // namespace orrery
