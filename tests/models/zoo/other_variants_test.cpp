#include "models/zoo/other_variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/json.h"
#include "io/checkpoint/random_checkpoint.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct Variant {
  const char* name;  // a key, a tensor or a file
  Json value;
  const char* said;
};

TEST(OtherVariants, AreRefusedByTheKeysOfTheirConfig) {
  const Variant cases[] = {{"backbone_type", "cosmos3_causal", "a causal (autoregressive) checkpoint"},
                           {"backbone_type", "cosmos3_sim", "a causal (autoregressive) checkpoint"},
                           {"backbone_type", "cosmos3_multiview", "a checkpoint for several cameras at once"},
                           {"video_temporal_causal", true, "a causal (autoregressive) checkpoint"},
                           {"autoregressive_chunk_frames", 4, "a causal (autoregressive) checkpoint"},
                           {"rig_view_embedding", {{"num_embeddings", 12}}, "a checkpoint for several cameras at once"},
                           {"multiview", {{"cameras", {1}}}, "a checkpoint for several cameras at once"},
                           {"lidar_gen", true, "a checkpoint that makes LiDAR sweeps"}};
  for (const Variant& row : cases) {
    const TemporaryFolder folder;
    folder.write("transformer/config.json", Json{{row.name, row.value}}.dump());
    EXPECT_THAT([&] { refuse_other_variants(folder.path()); },
                ThrowsMessage<InputError>(
                    AllOf(HasSubstr("transformer/config.json: " + std::string(row.name) + ": "), HasSubstr(row.said))));
  }
}

TEST(OtherVariants, KeysThatAreOffAreNone) {
  const TemporaryFolder folder;
  folder.write("transformer/config.json",
               R"({"backbone_type": null, "video_temporal_causal": false, "lidar_gen": false, "lidar_dim": 0,
                   "multiview": {}, "hidden_act": "silu"})");
  EXPECT_NO_THROW(refuse_other_variants(folder.path()));
  for (const char* set : {"tiny", "gqa_native", "modes", "distilled"}) {
    EXPECT_NO_THROW(refuse_other_variants(golden_checkpoint(set))) << set;
  }
}

TEST(OtherVariants, LoraFilesAreRefusedWhereverTheyLie) {
  for (const char* name :
       {"adapter_config.json", "pytorch_lora_weights.safetensors", "transformer/adapter_model.safetensors"}) {
    const TemporaryFolder folder;
    folder.write(name, "{}");
    EXPECT_THAT([&] { refuse_other_variants(folder.path()); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(name), HasSubstr("LoRA weights, which are not applied"))));
  }
}

// Tensors of which only names and dtypes are known.
class NamedTensors : public WeightSource {
 public:
  explicit NamedTensors(std::map<std::string, TensorInfo> tensors) : tensors_(std::move(tensors)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, info] : tensors_) names.push_back(name);
    return names;
  }
  const TensorInfo* find(const std::string& name) const override {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
  }
  void copy(const std::string& name, const Slice& /*slice*/, at::Tensor /*into*/) const override {
    ADD_FAILURE() << name << " is read";
  }
  std::string where(const std::string& /*name*/) const override { return "model.safetensors"; }
  std::string fingerprint() const override { return ""; }

 private:
  std::map<std::string, TensorInfo> tensors_;
};

TEST(OtherVariants, WeightsIn4BitsAreRefused) {
  struct Row {
    const char* weight;
    const char* dtype;
    bool refused;
  };
  for (const Row& row : {Row{"m.weight", "U8", true}, Row{"m.weight_packed", "U8", true}, Row{"m.weight", "F4", true},
                         Row{"m.weight", "BF16", false}, Row{"other.weight", "U8", false}}) {
    const NamedTensors transformer({{row.weight, {row.dtype, {4, 2}}},
                                    {"m.weight_scale", {"F8_E4M3", {4, 1}}},
                                    {"m.weight_scale_2", {"F32", {}}}});
    if (!row.refused) {
      EXPECT_NO_THROW(refuse_other_tensors(transformer)) << row.weight;
      continue;
    }
    EXPECT_THAT([&] { refuse_other_tensors(transformer); },
                ThrowsMessage<InputError>(AllOf(
                    HasSubstr(std::string("model.safetensors: tensor ") + row.weight + ": " + row.dtype + ": with"),
                    HasSubstr("NVFP4"), HasSubstr("take the checkpoint's revision in bf16 or fp8"))));
  }
}

TEST(OtherVariants, AreRefusedByTheirTensors) {
  const Variant cases[] = {{"rig_view_embed.weight", {}, "a checkpoint for several cameras at once"},
                           {"lidar_proj_in.weight", {}, "a checkpoint that makes LiDAR sweeps"},
                           {"lidar_proj_out.bias", {}, "a checkpoint that makes LiDAR sweeps"},
                           {"layers.0.self_attn.to_q.lora_A.weight", {}, "LoRA weights"}};
  for (const Variant& row : cases) {
    const RandomCheckpoint transformer("random", {{"proj_in.bias", {{4}, 0, 1}}, {row.name, {{4}, 0, 1}}});
    EXPECT_THAT([&] { refuse_other_tensors(transformer); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(row.name), HasSubstr(row.said))));
  }
  EXPECT_NO_THROW(refuse_other_tensors(RandomCheckpoint("random", {{"proj_in.bias", {{4}, 0, 1}}})));
}

}  // namespace
}  // namespace orrery
