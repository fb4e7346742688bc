#include "models/audio/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/core/error.h"
#include "base/core/json.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class SoundConfigFile : public testing::Test {
 protected:
  SoundConfig read(const Json& json) const { return read_sound_config(folder_.write("config.json", json.dump())); }

  TemporaryFolder folder_;
  Json json_ = parse_json_file(golden_checkpoint("tiny") / "sound_tokenizer" / "config.json");
};

TEST_F(SoundConfigFile, ReadsThePublishedLayout) {
  const SoundConfig c = read(json_);
  EXPECT_EQ(c.vocoder_input_dim, 8);
  EXPECT_EQ(c.dec_dim, 4);
  EXPECT_THAT(c.dec_c_mults, ElementsAre(1, 2, 4, 8, 16));
  EXPECT_THAT(c.dec_strides, ElementsAre(2, 4, 5, 6, 8));
}

TEST_F(SoundConfigFile, SizesAreEnough) {
  Json sizes;
  for (const char* key : {"vocoder_input_dim", "dec_dim", "dec_c_mults", "dec_strides"}) sizes[key] = json_[key];
  EXPECT_EQ(read(sizes).dec_dim, 4);
}

TEST_F(SoundConfigFile, TheHopMayBeSpeltOut) {
  json_["hop_size"] = 1920;
  json_["bottleneck"] = {{"type", "vae"}};
  EXPECT_NO_THROW(read(json_));
}

TEST_F(SoundConfigFile, RefusesByName) {
  const struct {
    const char* key;
    Json value;
    const char* said;
  } cases[] = {
      {"model_type", "autoencoder", "model_type: found \"autoencoder\", expected \"autoencoder_v2\""},
      {"sampling_rate", 44100, "sampling_rate: found 44100, expected 48000 (nothing else is implemented)"},
      {"stereo", false, "stereo: found false, expected true"},
      {"dec_out_channels", 1, "dec_out_channels: found 1, expected 2"},
      {"dec_type", "bigvgan", "dec_type: found \"bigvgan\", expected \"oobleck\""},
      {"dec_use_snake", false, "dec_use_snake: found false, expected true"},
      {"activation", "elu", "activation: found \"elu\", expected \"snakebeta\""},
      {"snake_logscale", false, "snake_logscale: found false, expected true"},
      {"dec_final_tanh", true, "dec_final_tanh: found true, expected false"},
      {"dec_use_tanh_at_final", true, "dec_use_tanh_at_final: found true, expected false"},
      {"dec_use_nearest_upsample", true, "dec_use_nearest_upsample: found true, expected false"},
      {"dec_anti_aliasing", true, "dec_anti_aliasing: found true, expected false"},
      {"anti_aliasing", true, "anti_aliasing: found true, expected false"},
      {"causal", true, "causal: found true, expected false"},
      {"padding_mode", "reflect", "padding_mode: found \"reflect\", expected \"zeros\""},
      {"bottleneck_type", "fsq", "bottleneck_type: found \"fsq\", expected \"vae\""},
      {"latent_mean", Json::array({0.5}), "latent_mean: found [0.5], expected null"},
      {"latent_std", Json::array({1.5}), "latent_std: found [1.5], expected null"},
      {"vocoder_input_dim", 0, "vocoder_input_dim: found 0, expected a positive whole number"},
      {"dec_dim", "wide", "dec_dim: found \"wide\", expected a positive whole number"},
      {"dec_strides", 1920, "dec_strides: found 1920, expected a list of positive whole numbers"},
      {"dec_strides", Json::array(), "dec_strides: found [], expected a list"},
      {"dec_strides", Json::array({2, 4, 5, 6}), "strides of 2 or more whose product is 1920"},
      {"dec_strides", Json::array({2, 4, 5, 6, 8, 1}), "strides of 2 or more whose product is 1920"},
      {"dec_strides", Json::array({8388608, 8388608, 8388608}), "strides of 2 or more whose product is 1920"},
      {"hop_size", 960, "hop_size: found 960, expected null or 1920, the product of dec_strides"},
      {"_class_name", "AutoencoderOobleck", "_class_name: found \"AutoencoderOobleck\""},
      {"dec_dilations", Json::array({1, 3}), "dec_dilations: found [1,3], expected no such key"},
      {"dec_c_mults", Json::array({1, 2, 4, 8}), "dec_c_mults: found [1,2,4,8], expected a list of 5 positive"},
  };
  for (const auto& c : cases) {
    Json json = json_;
    json[c.key] = c.value;
    EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(AllOf(HasSubstr("config.json: "), HasSubstr(c.said))))
        << c.key;
  }
}

TEST_F(SoundConfigFile, NamesWhatIsMissing) {
  for (const char* key : {"vocoder_input_dim", "dec_dim", "dec_c_mults", "dec_strides"}) {
    Json json = json_;
    json.erase(key);
    EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(HasSubstr(std::string(key) + " is missing"))) << key;
  }
}

}  // namespace
}  // namespace orrery
