#include <gtest/gtest.h>

#include <cmath>

#include "io/checkpoint/safetensors_files.h"
#include "write_checkpoint.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "diffusion_pytorch_model.safetensors";
constexpr const char* kIndex = "diffusion_pytorch_model.safetensors.index.json";

std::string index_of(const std::map<std::string, std::string>& shards) {
  std::string map;
  for (const auto& [tensor, shard] : shards) map += (map.empty() ? "\"" : ",\"") + tensor + "\":\"" + shard + "\"";
  return R"({"metadata":{"total_size":1},"weight_map":{)" + map + "}}";
}

at::Tensor read(const ShardedCheckpoint& checkpoint, const std::string& name) {
  at::Tensor into = at::empty(checkpoint.find(name)->shape);
  checkpoint.copy(name, {0, {0, into.size(0)}}, into);
  return into;
}

class Sharded : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("one.safetensors", safetensors({{"a", at::full({2}, 1.0)}, {"unlisted", at::full({2}, 9.0)}}));
    folder_.write("two.safetensors", safetensors({{"b", at::full({3}, 2.0)}}));
    folder_.write(kIndex, index_of({{"a", "one.safetensors"}, {"b", "two.safetensors"}}));
  }
  void expect_index_refused(const std::string& content, const std::string& complaint) const {
    folder_.write(kIndex, content);
    expect_refused([&] { ShardedCheckpoint checkpoint(folder_.path()); }, complaint, folder_.path().string());
  }
  TemporaryFolder folder_;
};

TEST_F(Sharded, FollowsTheIndex) {
  const ShardedCheckpoint checkpoint(folder_.path());
  EXPECT_EQ(checkpoint.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(at::equal(read(checkpoint, "b"), at::full({3}, 2.0)));
  EXPECT_EQ(checkpoint.where("b"), (folder_.path() / "two.safetensors").string());
  EXPECT_EQ(checkpoint.where("c"), folder_.path().string());
  EXPECT_EQ(checkpoint.find("unlisted"), nullptr);
}

TEST_F(Sharded, PrefersTheIndexToASingleFile) {
  folder_.write(kSingle, safetensors({{"c", at::ones({1})}}));
  EXPECT_EQ(ShardedCheckpoint(folder_.path()).names(), (std::vector<std::string>{"a", "b"}));
  fs::remove(folder_.path() / kIndex);
  const ShardedCheckpoint single(folder_.path());
  EXPECT_EQ(single.names(), std::vector<std::string>{"c"});
  EXPECT_EQ(single.where("d"), (folder_.path() / kSingle).string());
}

TEST_F(Sharded, FollowsLinksOfADownloadCache) {
  const TemporaryFolder cache;
  cache.write("blob", safetensors({{"b", at::full({3}, 7.0)}}));
  fs::remove(folder_.path() / "two.safetensors");
  fs::create_symlink(cache.path() / "blob", folder_.path() / "two.safetensors");
  EXPECT_TRUE(at::equal(read(ShardedCheckpoint(folder_.path()), "b"), at::full({3}, 7.0)));
}

TEST_F(Sharded, RefusesALyingIndex) {
  expect_index_refused("{", "not valid JSON");
  expect_index_refused("{}", "no object \"weight_map\"");
  expect_index_refused(R"({"weight_map":[]})", "no object \"weight_map\"");
  expect_index_refused(R"({"weight_map":{}})", "\"weight_map\" is empty");
  expect_index_refused(R"({"weight_map":{"a":3}})", "tensor a: its shard is 3, expected a file name");
  expect_index_refused(index_of({{"a", "two.safetensors"}}), "two.safetensors: tensor a is not here, but ");
  expect_index_refused(index_of({{"a", "three.safetensors"}}), "three.safetensors: no such file, but ");
  expect_index_refused(index_of({{"a", "../one.safetensors"}}), "tensor a: shard \"../one.safetensors\" lies outside");
  expect_index_refused(index_of({{"a", "/etc/passwd"}}), "lies outside");
  expect_index_refused(index_of({{"a", ""}}), "lies outside");
}

TEST_F(Sharded, NamesWhatItLookedFor) {
  const fs::path missing = folder_.path() / "vae";
  expect_refused([&] { ShardedCheckpoint checkpoint(missing); }, missing.string() + ": no such folder");
  fs::create_directory(missing);
  expect_refused([&] { ShardedCheckpoint checkpoint(missing); }, missing.string(), kSingle, kIndex);
}

TEST_F(Sharded, FingerprintTellsLayoutsAndTrainingsApart) {
  const std::string first = ShardedCheckpoint(folder_.path()).fingerprint();
  EXPECT_EQ(first.size(), 16U);
  EXPECT_EQ(first, ShardedCheckpoint(folder_.path()).fingerprint());
  folder_.write("two.safetensors", safetensors({{"b", at::full({3}, 2.0).to(at::kBFloat16)}}));
  const std::string narrower = ShardedCheckpoint(folder_.path()).fingerprint();
  EXPECT_NE(first, narrower);
  folder_.write("two.safetensors", safetensors({{"b", at::full({1, 3}, 2.0).to(at::kBFloat16)}}));
  const std::string reshaped = ShardedCheckpoint(folder_.path()).fingerprint();
  EXPECT_NE(narrower, reshaped);
  folder_.write("two.safetensors", safetensors({{"b", at::full({1, 3}, 4.0).to(at::kBFloat16)}}));
  EXPECT_NE(reshaped, ShardedCheckpoint(folder_.path()).fingerprint());
}

class Float8 : public testing::Test {
 protected:
  // A matrix of values that float8 represents exactly, and its factors; the next shard has one that is not in 8 bits.
  void write(const Tensors& factors) const {
    Tensors tensors = factors;
    tensors["m.weight"] = numbers_.to(at::kFloat8_e4m3fn);
    folder_.write(kSingle, safetensors(tensors));
  }
  ShardedCheckpoint checkpoint() const { return ShardedCheckpoint(folder_.path()); }
  at::Tensor read(Slice slice, at::IntArrayRef shape, at::ScalarType dtype) const {
    at::Tensor into = at::empty(shape, dtype);
    checkpoint().copy("m.weight", slice, into);
    return into;
  }
  void expect_refused_factor(const Tensors& factors, const std::string& complaint) const {
    write(factors);
    expect_refused([&] { read({0, {0, 4}}, {4, 6}, at::kFloat); }, complaint, (folder_.path() / kSingle).string());
  }

  TemporaryFolder folder_;
  at::Tensor numbers_ = at::arange(24, at::kFloat).view({4, 6}) - 8;
  Tensors factors_{{"m.weight_scale", at::scalar_tensor(0.3F)}, {"m.input_scale", at::scalar_tensor(2.0F)}};
};

TEST_F(Float8, IsReadAsItsProductWithTheFactor) {
  write(factors_);
  const at::Tensor whole = numbers_.to(at::kFloat8_e4m3fn).to(at::kFloat) * 0.3F;
  EXPECT_TRUE(at::equal(read({0, {0, 4}}, {4, 6}, at::kFloat), whole));
  EXPECT_TRUE(at::equal(read({0, {1, 2}}, {2, 6}, at::kFloat), whole.narrow(0, 1, 2)));
  EXPECT_TRUE(at::equal(read({1, {2, 3}}, {4, 3}, at::kFloat), whole.narrow(1, 2, 3)));
  EXPECT_TRUE(at::equal(read({0, {0, 4}}, {4, 6}, at::kBFloat16), whole.to(at::kBFloat16)));
  EXPECT_EQ(checkpoint().names(), std::vector<std::string>{"m.weight"});
}

TEST_F(Float8, OtherTensorsKeepSuchNames) {
  folder_.write(kSingle, safetensors({{"m.weight", numbers_}, {"m.weight_scale", at::ones({1})}}));
  EXPECT_EQ(checkpoint().names(), (std::vector<std::string>{"m.weight", "m.weight_scale"}));
  EXPECT_TRUE(at::equal(read({0, {0, 4}}, {4, 6}, at::kFloat), numbers_));
}

TEST_F(Float8, SaysHowItsInputsAreRounded) {
  write(factors_);
  EXPECT_TRUE(checkpoint().is_quantised());
  EXPECT_TRUE(checkpoint().has_input_factors());
  EXPECT_EQ(checkpoint().input_factor("m.weight"), 2.0F);
  write({{"m.weight_scale", at::scalar_tensor(0.3F)}});
  EXPECT_TRUE(checkpoint().is_quantised());
  EXPECT_FALSE(checkpoint().has_input_factors());
  EXPECT_EQ(checkpoint().input_factor("m.weight"), std::nullopt);
  folder_.write(kSingle, safetensors({{"m.weight", numbers_}, {"m.input_scale", at::ones({1})}}));
  EXPECT_FALSE(checkpoint().is_quantised());
  EXPECT_FALSE(checkpoint().has_input_factors());
  write({{"m.weight_scale", at::scalar_tensor(0.3F)}, {"m.input_scale", at::scalar_tensor(-2.0F)}});
  expect_refused([&] { checkpoint().input_factor("m.weight"); }, "m.input_scale: found -2, expected a positive number",
                 (folder_.path() / kSingle).string());
}

TEST_F(Float8, NeedsItsFactor) {
  expect_refused_factor({}, "tensor m.weight: FP8 (F8_E4M3) without m.weight_scale beside it is not supported");
  expect_refused_factor({{"m.weight_scale", at::ones({4})}}, "m.weight_scale: found shape [4], expected one number");
  expect_refused_factor({{"m.weight_scale", at::zeros({1})}}, "m.weight_scale: found 0, expected a positive number");
  expect_refused_factor({{"m.weight_scale", at::full({}, NAN)}}, "m.weight_scale: found nan, expected a positive");
}

}  // namespace
}  // namespace orrery
