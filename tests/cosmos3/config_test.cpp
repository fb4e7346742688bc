#include "cosmos3/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/error.h"
#include "core/json.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

Json valid() {
  return Json::parse(R"({"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "latent_channel": 48,
    "rope_scaling": {"mrope_section": [24, 20, 20]}, "hidden_act": "silu", "attention_bias": false,
    "use_und_k_norm_for_gen": false, "qk_norm_for_text": true, "sound_gen": false})");
}

class Cosmos3ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "orrery-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Cosmos3Config read(const Json& json) const {
    std::ofstream(folder_ / "config.json") << json.dump();
    return read_cosmos3_config(folder_ / "config.json");
  }

  fs::path folder_;
};

TEST_F(Cosmos3ConfigFile, ReadsEverySize) {
  const Cosmos3Config c = read(valid());
  EXPECT_EQ(c.q_width(), 4096);
  EXPECT_EQ(c.kv_width(), 1024);
  EXPECT_EQ(c.patch_width(), 192);
  EXPECT_EQ(c.mrope_section, (std::array<std::int64_t, 3>{24, 20, 20}));
  EXPECT_FALSE(c.sound_gen);
}

TEST_F(Cosmos3ConfigFile, TakesAxesDimensionsWithoutRopeScaling) {
  Json json = valid();
  json.erase("rope_scaling");
  json["rope_axes_dim"] = {24, 20, 20};
  EXPECT_EQ(read(json).mrope_section, (std::array<std::int64_t, 3>{24, 20, 20}));
}

struct Refusal {
  std::string key;
  Json value;
  std::string reason;
};

TEST_F(Cosmos3ConfigFile, RefusesByName) {
  const std::vector<Refusal> table = {
      {"hidden_act", "gelu", "hidden_act: found \"gelu\", expected \"silu\""},
      {"attention_bias", true, "attention_bias: found true, expected false"},
      {"use_und_k_norm_for_gen", true, "use_und_k_norm_for_gen: found true"},
      {"qk_norm_for_text", false, "qk_norm_for_text: found false, expected true"},
      {"latent_patch_size", 4, "latent_patch_size: found 4, expected 2"},
      {"hidden_size", 0, "hidden_size: found 0, expected a positive whole number"},
      {"hidden_size", "big", "hidden_size: found \"big\""},
      {"num_hidden_layers", 1.5, "num_hidden_layers: found 1.5"},
      {"num_key_value_heads", 5, "32 is not a multiple of num_key_value_heads 5"},
      {"rope_scaling", Json{{"mrope_section", {24, 20}}}, "mrope_section: found [24,20], expected three sizes"},
      {"rope_scaling", Json{{"mrope_section", {24, 20, 4}}}, "adds up to 48, expected head_dim / 2 = 64"},
      {"rms_norm_eps", -1, "rms_norm_eps: found -1, expected a positive number"},
      {"sound_gen", 1, "sound_gen: found 1, expected true or false"},
      {"sound_gen", true, "sound_dim is missing"},
  };
  for (const Refusal& row : table) {
    Json json = valid();
    json[row.key] = row.value;
    EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(AllOf(HasSubstr("config.json"), HasSubstr(row.reason))))
        << row.key;
  }
}

TEST_F(Cosmos3ConfigFile, RefusesMissingKeysAndOtherJson) {
  Json json = valid();
  json.erase("head_dim");
  EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(HasSubstr("head_dim is missing")));
  EXPECT_THAT([&] { read(Json::array()); }, ThrowsMessage<InputError>(HasSubstr("expected a JSON object")));
}

TEST_F(Cosmos3ConfigFile, TensorParallelSizesMustDivide) {
  const Cosmos3Config c = read(valid());
  for (const int tp : {1, 2, 4, 8}) EXPECT_NO_THROW(require_divisible(c, tp));
  EXPECT_THAT([&] { require_divisible(c, 3); }, ThrowsMessage<InputError>(HasSubstr("32 attention heads")));
  EXPECT_THAT([&] { require_divisible(c, 16); }, ThrowsMessage<InputError>(HasSubstr("8 key/value heads")));
}

}  // namespace
}  // namespace orrery
