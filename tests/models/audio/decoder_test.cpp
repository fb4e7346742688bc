#include "models/audio/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/core/error.h"
#include "io/checkpoint/safetensors_files.h"
#include "support/golden.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

SoundConfig read_config(const std::string& set) {
  return read_sound_config(golden_checkpoint(set) / "sound_tokenizer" / "config.json");
}

std::shared_ptr<ShardedCheckpoint> open_checkpoint(const std::string& set) {
  return std::make_shared<ShardedCheckpoint>(golden_checkpoint(set) / "sound_tokenizer");
}

SoundDecoder make_decoder(const std::string& set, at::ScalarType dtype = at::kFloat) {
  return {Weights(open_checkpoint(set), Shard{}, test_device(), dtype), read_config(set)};
}

class Sounds : public testing::TestWithParam<const char*> {};

TEST_P(Sounds, LikeTheReference) {
  const std::string name = GetParam();
  const Golden golden = Golden::load_case(name);
  const SoundDecoder decoder = make_decoder(name.substr(0, name.find('/')));
  const at::Tensor waveform = decoder(golden["final_sound_latent"][0]);
  const double error = max_abs(waveform, golden["waveform"][0]);
  RecordProperty("max_abs", std::to_string(error * 1e6) + "e-6");
  EXPECT_EQ(waveform.scalar_type(), at::kFloat);
  EXPECT_LT(error, test_device().is_cuda() ? 1e-4 : 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Sounds, testing::Values("tiny/t2av", "tiny/i2av", "gqa_native/i2av"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           name[name.find('/')] = '_';
                           return name;
                         });

TEST(SoundDecoder, MakesEachStep1920Samples) {
  const SoundDecoder decoder = make_decoder("tiny");
  for (const std::int64_t steps : {1, 2, 7}) {
    EXPECT_EQ(decoder(at::zeros({8, steps})).sizes(), (at::IntArrayRef{2, 1920 * steps}));
  }
}

TEST(SoundDecoder, ClampsWhatIsTooLoud) {
  const at::Tensor waveform = make_decoder("tiny")(at::full({8, 4}, 1e3));
  EXPECT_EQ(waveform.abs().max().item<float>(), 1.0F);
}

TEST(SoundDecoder, LeavesTheLatentAlone) {
  const at::Tensor latent = Golden::load_case("tiny/t2av")["final_sound_latent"][0];
  const at::Tensor before = latent.clone();
  make_decoder("tiny")(latent);
  EXPECT_TRUE(at::equal(latent, before));
}

TEST(SoundDecoder, ComputesInFloat32WhateverTheDtype) {
  const at::Tensor latent = Golden::load_case("tiny/t2av")["final_sound_latent"][0];
  EXPECT_TRUE(at::equal(make_decoder("tiny", at::kBFloat16)(latent), make_decoder("tiny")(latent)));
}

TEST(SoundDecoder, RefusesALatentOfAnotherShape) {
  const SoundDecoder decoder = make_decoder("tiny");
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{4, 2}, {8, 0}, {1, 8, 2}}) {
    EXPECT_THAT([&] { decoder(at::zeros(shape)); }, ThrowsMessage<Error>(HasSubstr("takes a latent (8, T)")));
  }
}

// A checkpoint with one tensor more or less.
class Altered : public WeightSource {
 public:
  Altered(std::shared_ptr<WeightSource> whole, std::string removed, std::string added)
      : whole_(std::move(whole)), removed_(std::move(removed)), added_(std::move(added)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> names = whole_->names();
    std::erase(names, removed_);
    if (!added_.empty()) names.push_back(added_);
    return names;
  }
  const TensorInfo* find(const std::string& name) const override {
    return name == removed_ ? nullptr : whole_->find(name);
  }
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override {
    whole_->copy(name, slice, into);
  }
  std::string where(const std::string& name) const override { return whole_->where(name); }
  std::string fingerprint() const override { return whole_->fingerprint(); }

 private:
  std::shared_ptr<WeightSource> whole_;
  std::string removed_, added_;
};

void audit(const std::string& removed, const std::string& added) {
  const Weights weights(std::make_shared<Altered>(open_checkpoint("tiny"), removed, added), Shard{}, at::kMeta,
                        at::kFloat);
  const SoundDecoder decoder(weights, read_config("tiny"));
  weights.require_all_read();
}

TEST(SoundDecoder, ReadsAllThatIsNotTheEncoders) {
  EXPECT_NO_THROW(audit("", ""));
  EXPECT_NO_THROW(audit("encoder.layers.0.weight_g", "encoder.layers.9.bias"));
}

TEST(SoundDecoder, NamesWhatIsMissing) {
  for (const char* name : {"decoder.conv1.weight_v", "decoder.block.4.res_unit3.snake2.beta",
                           "decoder.block.0.conv_t1.weight_g", "decoder.conv2.weight_g"}) {
    EXPECT_THAT([&] { audit(name, ""); }, ThrowsMessage<InputError>(AllOf(HasSubstr(name), HasSubstr("is missing"),
                                                                          HasSubstr("sound_tokenizer"))))
        << name;
  }
}

TEST(SoundDecoder, NamesWhatItDoesNotHave) {
  for (const char* name : {"decoder.conv2.bias", "decoder.block.5.snake1.alpha", "bottleneck.mean"}) {
    EXPECT_THAT([&] { audit("", name); }, ThrowsMessage<InputError>(HasSubstr(name))) << name;
  }
}

TEST(SoundDecoder, NamesATensorOfAnotherShape) {
  SoundConfig config = read_config("tiny");
  config.dec_c_mults.back() = 12;
  const Weights weights(open_checkpoint("tiny"), Shard{}, at::kMeta, at::kFloat);
  EXPECT_THAT([&] { SoundDecoder(weights, config); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("decoder.conv1.weight_g"), HasSubstr("[48, 1, 1]"))));
}

}  // namespace
}  // namespace orrery
