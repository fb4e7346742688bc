#include "models/cosmos3/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/core/error.h"
#include "base/core/json.h"

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

// As the published smaller model's file has it.
TEST_F(Cosmos3ConfigFile, TakesThePublishedFile) {
  Json json = valid();
  json.update(Json::parse(R"({"_class_name": "Cosmos3OmniTransformer", "_diffusers_version": "0.37.1",
    "action_dim": 64, "action_gen": true, "attention_dropout": 0.0, "base_fps": 24, "dtype": "bfloat16",
    "enable_fps_modulation": true, "freeze_und": false, "initializer_range": 0.02,
    "joint_attn_implementation": "two_way", "latent_patch_size": 2, "max_action_dim": 64,
    "max_position_embeddings": 262144, "model_type": "qwen3_vl_text", "num_embodiment_domains": 32,
    "patch_latent_dim": 192, "position_embedding_type": "unified_3d_mrope", "qk_norm": false,
    "qk_norm_for_diffusion": true, "rms_norm_eps": 1e-06, "rope_theta": 5000000, "sound_dim": 64, "sound_gen": true,
    "rope_scaling": {"mrope_interleaved": true, "mrope_section": [24, 20, 20], "rope_type": "default"},
    "sound_latent_fps": 25, "temporal_compression_factor_sound": 1, "timestep_scale": 0.001,
    "unified_3d_mrope_reset_spatial_ids": true, "unified_3d_mrope_temporal_modality_margin": 15000,
    "use_cache": true, "use_moe": true, "video_temporal_causal": false})"));
  EXPECT_EQ(read(json).sound_dim, 64);
  json["base_fps"] = 16;
  json["rope_axes_dim"] = {24, 20, 20};
  EXPECT_EQ(read(json).base_fps, 16);
}

TEST_F(Cosmos3ConfigFile, EdgeHasAnotherMlpAndOtherNormsOfTexts) {
  Json json = valid();
  EXPECT_EQ(read(json).mlp, MlpKind::SwiGlu);
  EXPECT_TRUE(read(json).has_known_texts());
  json.update({{"hidden_act", "relu2"}, {"qk_norm_for_text", false}, {"use_und_k_norm_for_gen", true}});
  const Cosmos3Config edge = read(json);
  EXPECT_EQ(edge.mlp, MlpKind::SquaredRelu);
  EXPECT_FALSE(edge.qk_norm_for_text);
  EXPECT_TRUE(edge.use_und_k_norm_for_gen);
  EXPECT_FALSE(edge.has_known_texts());
}

Json with_policy(const Json& changes) {
  Json policy = Json::parse(R"({"schema_version": 1, "type": "first_last_n", "index_space": "denoising_loop_iteration",
    "scope": ["transformer"], "default_mode": "native", "first_steps": {"count": 3, "mode": "a16"},
    "last_steps": {"count": 2, "mode": "a16"}, "overlap": "a16", "reasoner": "a16"})");
  policy.merge_patch(changes);
  return {{"quant_algo", "FP8"}, {"runtime", {{"diffusion_step_policy", policy}}}};
}

TEST_F(Cosmos3ConfigFile, SaysWhichStepsAreInFullPrecision) {
  EXPECT_EQ(read(valid()).quantization.full_precision_steps, std::nullopt);
  Json json = valid();
  json["quantization_config"] = {{"quant_algo", "FP8"}};
  EXPECT_EQ(read(json).quantization.full_precision_steps, std::nullopt);
  json["quantization_config"] = with_policy({{"first_steps", {{"count", 0}}}});
  EXPECT_EQ(read(json).quantization.full_precision_steps, (FullPrecisionSteps{0, 2}));
}

// A change of the policy that is known, and the key by which it is refused.
TEST_F(Cosmos3ConfigFile, RefusesOtherStepPolicies) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"schema_version": 2})", "schema_version: found 2, expected 1"},
      {R"({"type": "list"})", R"(type: found "list", expected "first_last_n")"},
      {R"({"type": null})", "type is missing"},
      {R"({"index_space": "timestep"})", R"(index_space: found "timestep")"},
      {R"({"scope": ["transformer", "vae"]})", R"(scope: found ["transformer","vae"], expected ["transformer"])"},
      {R"({"default_mode": "a16"})", R"(default_mode: found "a16", expected "native")"},
      {R"({"overlap": "native"})", R"(overlap: found "native")"},
      {R"({"reasoner": "native"})", R"(reasoner: found "native")"},
      {R"({"first_steps": {"mode": "a8"}})", R"(first_steps.mode: found "a8", expected "a16")"},
      {R"({"last_steps": {"count": -1}})", "last_steps.count: found -1, expected a number of steps from 0 to 1000"},
      {R"({"last_steps": {"from": 3}})", "last_steps.from: found 3, expected no such key"},
      {R"({"last_steps": 3})", "last_steps"},
      {R"({"every": 3})", "every: found 3, expected no such key"},
  };
  for (const auto& [changes, reason] : table) {
    Json json = valid();
    json["quantization_config"] = with_policy(Json::parse(changes));
    EXPECT_THAT([&] { read(json); },
                ThrowsMessage<InputError>(
                    AllOf(HasSubstr("quantization_config.runtime.diffusion_step_policy"), HasSubstr(reason))))
        << changes;
  }
  Json json = valid();
  json["quantization_config"] = {{"quant_algo", "FP8"}, {"runtime", {{"kernels", "fast"}}}};
  EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(HasSubstr("runtime.kernels: found \"fast\"")));
}

struct Refusal {
  std::string key;
  Json value;
  std::string reason;
};

TEST_F(Cosmos3ConfigFile, RefusesByName) {
  const std::vector<Refusal> table = {
      {"hidden_act", "gelu", "hidden_act: found \"gelu\", expected \"silu\" or \"relu2\""},
      {"attention_bias", true, "attention_bias: found true, expected false"},
      {"use_und_k_norm_for_gen", true, "use_und_k_norm_for_gen goes with qk_norm_for_text false"},
      {"qk_norm_for_text", "no", "qk_norm_for_text: found \"no\", expected true or false"},
      {"latent_patch_size", 4, "latent_patch_size: found 4, expected 2"},
      {"hidden_size", 0, "hidden_size: found 0, expected a positive whole number"},
      {"hidden_size", "big", "hidden_size: found \"big\""},
      {"num_hidden_layers", 1.5, "num_hidden_layers: found 1.5"},
      {"num_key_value_heads", 5, "32 is not a multiple of num_key_value_heads 5"},
      {"rope_scaling", Json{{"mrope_section", {24, 20}}}, "mrope_section: found [24,20], expected three sizes"},
      {"rope_scaling", Json{{"mrope_section", {24, 20, 4}}}, "adds up to 48, expected head_dim / 2 = 64"},
      {"rope_scaling", Json::parse(R"({"mrope_section": [9223372036854775807, 9223372036854775807, 18]})"),
       "rope_scaling.mrope_section: found [9223372036854775807,9223372036854775807,18], expected three sizes from 0 "
       "to"},
      {"rope_scaling", Json::parse(R"({"mrope_section": [18446744073709551615, 45, 20]})"), "expected three sizes"},
      {"rope_scaling", Json{{"mrope_section", {24, 20, 20}}, {"factor", 2}}, "rope_scaling.factor: found 2"},
      {"rope_scaling", Json{{"mrope_section", {24, 20, 20}}, {"mrope_interleaved", false}},
       "rope_scaling.mrope_interleaved: found false, expected true"},
      {"rope_axes_dim", {20, 24, 20}, "rope_axes_dim and rope_scaling.mrope_section differ"},
      {"rms_norm_eps", -1, "rms_norm_eps: found -1, expected a number from 1e-12 to 0.01"},
      {"rms_norm_eps", 0, "rms_norm_eps: found 0"},
      {"rms_norm_eps", 1e300, "rms_norm_eps: found 1e+300"},
      {"rope_theta", 1e-300, "rope_theta: found 1e-300"},
      {"rope_theta", 1e300, "rope_theta: found 1e+300"},
      {"timestep_scale", 1e30, "timestep_scale: found 1e+30"},
      {"base_fps", 1e-30, "base_fps: found 1e-30"},
      {"unified_3d_mrope_temporal_modality_margin", 1e12, "margin: found 1000000000000.0"},
      {"sound_latent_fps", 1e9, "sound_latent_fps: found 1000000000.0"},
      {"patch_latent_dim", 96, "patch_latent_dim is not latent_channel 48 times latent_patch_size squared, 192"},
      {"backbone_type", "cosmos3_multiview", "backbone_type: found \"cosmos3_multiview\", expected null"},
      {"video_temporal_causal", true, "video_temporal_causal: found true, expected false"},
      {"joint_attn_implementation", "three_way", "joint_attn_implementation: found \"three_way\""},
      {"position_embedding_type", "rope", "position_embedding_type: found \"rope\""},
      {"unified_3d_mrope_reset_spatial_ids", false, "unified_3d_mrope_reset_spatial_ids: found false"},
      {"qk_norm_for_diffusion", false, "qk_norm_for_diffusion: found false"},
      {"use_moe", false, "use_moe: found false"},
      {"_class_name", "CosmosTransformer3DModel", "_class_name: found \"CosmosTransformer3DModel\""},
      {"multiview", Json{{"cameras", {1}}}, "multiview: found {\"cameras\":[1]}, expected no such key"},
      {"rig_view_embedding", Json{{"num_embeddings", 12}}, "rig_view_embedding: found"},
      {"quantization_config", "FP8", "quantization_config"},
      {"quantization_config", Json{{"quant_method", "modelopt"}}, "quantization_config.quant_algo is missing"},
      {"quantization_config", Json{{"quant_algo", "NVFP4"}},
       "quantization_config.quant_algo: found \"NVFP4\", expected \"FP8\": take the checkpoint's revision in bf16 or "
       "fp8"},
      {"quantization_config", Json{{"quant_algo", "FP8"}, {"quant_method", "bitsandbytes"}},
       "quantization_config.quant_method: found \"bitsandbytes\""},
      {"quantization_config", Json{{"quant_algo", "FP8"}, {"load_in_4bit", true}},
       "quantization_config.load_in_4bit: found true"},
      {"anything_new", false, "anything_new: found false, expected no such key"},
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
  for (const int tp : {1, 2, 4, 8}) EXPECT_NO_THROW(require_divisible(c, {.tp = tp}));
  for (const int sp : {1, 2, 4, 8, 16, 32}) EXPECT_NO_THROW(require_divisible(c, {.sp = sp}));
  EXPECT_NO_THROW(require_divisible(c, {.tp = 8, .sp = 4}));
  EXPECT_THAT([&] { require_divisible(c, {.sp = 3}); },
              ThrowsMessage<InputError>(HasSubstr("sp 3 cannot share the 32 attention and 8 key/value heads of a tp "
                                                  "rank: possible are 1, 2, 4, 8, 16, 32")));
  EXPECT_THAT([&] { require_divisible(c, {.tp = 3}); }, ThrowsMessage<InputError>(HasSubstr("32 attention heads")));
  EXPECT_THAT([&] { require_divisible(c, {.tp = 16}); }, ThrowsMessage<InputError>(HasSubstr("8 key/value heads")));
}

}  // namespace
}  // namespace orrery
