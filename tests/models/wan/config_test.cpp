#include "models/wan/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class WanConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    json_ = parse_json_file(golden_checkpoint("tiny") / "vae" / "config.json");
    std::string name = (std::filesystem::temp_directory_path() / "orrery-wan-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  WanConfig read(const Json& json) const {
    write_file(folder_ / "config.json", json.dump());
    return read_wan_config(folder_ / "config.json");
  }

  Json json_;
  std::filesystem::path folder_;
};

TEST_F(WanConfigFile, ReadsThePublishedLayout) {
  const WanConfig c = read(json_);
  EXPECT_EQ(c.z_dim, 8);
  EXPECT_EQ(c.base_dim, 8);
  EXPECT_EQ(c.decoder_base_dim, 12);
  EXPECT_EQ(c.num_res_blocks, 1);
  EXPECT_THAT(c.dim_mult, ElementsAre(1, 2, 4, 4));
  EXPECT_THAT(c.temporal_downsample, ElementsAre(false, true, true));
  EXPECT_DOUBLE_EQ(c.latents_mean.at(1), 0.08048056811094284);
  EXPECT_DOUBLE_EQ(c.latents_std.at(7), 1.129361867904663);
}

TEST_F(WanConfigFile, TakesThePublishedKeys) {
  json_["clip_output"] = false;
  json_["_name_or_path"] = "somewhere";
  EXPECT_NO_THROW(read(json_));
}

TEST_F(WanConfigFile, TheDecodersWidthIsTheEncodersUnlessGiven) {
  json_["decoder_base_dim"] = nullptr;
  EXPECT_EQ(read(json_).decoder_base_dim, 8);
}

TEST_F(WanConfigFile, RefusesByName) {
  const struct {
    const char* key;
    Json value;
    const char* said;
  } cases[] = {
      {"is_residual", false, "is_residual: found false, expected true (nothing else is implemented)"},
      {"patch_size", nullptr, "patch_size: found null, expected 2"},
      {"in_channels", 3, "in_channels: found 3, expected 12"},
      {"out_channels", 3, "out_channels: found 3, expected 12"},
      {"scale_factor_spatial", 8, "scale_factor_spatial: found 8, expected 16"},
      {"scale_factor_temporal", 8, "scale_factor_temporal: found 8, expected 4"},
      {"attn_scales", Json::array({0.5}), "attn_scales: found [0.5], expected []"},
      {"z_dim", 0, "z_dim: found 0, expected a positive whole number"},
      {"z_dim", 2.5, "z_dim: found 2.5"},
      {"num_res_blocks", "2", "num_res_blocks: found \"2\""},
      {"dim_mult", Json::array({1, 2, 4}), "dim_mult: found [1,2,4], expected a list of 4 positive whole numbers"},
      {"dim_mult", Json::array({1, 2, 3, 4}), "each width to be a multiple of the one before"},
      {"temperal_downsample", Json::array({true, true, true}), "two of the three to be true"},
      {"temperal_downsample", Json::array({1, 1, 0}), "a list of 3 true or false"},
      {"latents_mean", Json::array({0.5}), "latents_mean: found [0.5], expected a list of 8 numbers"},
      {"latents_mean", Json::array({1, 1, 1, 1, 1, 1, 1, 1e30}), "a list of 8 numbers from -1000.0 to 1000.0 (z_dim)"},
      {"latents_std", Json::array({1, 1, 1, 1, 1, 1, 1, 0}), "a list of 8 numbers from 0.001 to 1000.0 (z_dim)"},
      {"latents_std", Json::array({1, 1, 1, 1, 1, 1, 1, nullptr}), "a list of 8 numbers from"},
      {"latents_std", Json::array({1, 1, 1, 1, 1, 1, 1, 1e-300}), "a list of 8 numbers from"},
      {"_class_name", "AutoencoderKL", "_class_name: found \"AutoencoderKL\", expected \"AutoencoderKLWan\""},
      {"scaling_factor", 0.18, "scaling_factor: found 0.18, expected no such key"},
  };
  for (const auto& c : cases) {
    Json json = json_;
    json[c.key] = c.value;
    EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(AllOf(HasSubstr("config.json: "), HasSubstr(c.said))));
  }
}

TEST_F(WanConfigFile, NamesWhatIsMissing) {
  for (const char* key : {"is_residual", "patch_size", "z_dim", "dim_mult", "latents_std"}) {
    Json json = json_;
    json.erase(key);
    EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(HasSubstr(std::string(key) + " is missing")));
  }
}

}  // namespace
}  // namespace orrery
