#include "models/nn/linear.h"

#include <gtest/gtest.h>

#include "io/checkpoint/random_checkpoint.h"
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

}  // namespace
}  // namespace orrery
