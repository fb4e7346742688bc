#include "models/zoo/pipeline_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/core/json.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

Json published() {
  return Json::parse(R"({"_class_name": "Cosmos3OmniPipeline", "_diffusers_version": "0.37.1",
    "scheduler": ["diffusers", "UniPCMultistepScheduler"], "sound_tokenizer": ["diffusers", "Cosmos3AVAEAudioTokenizer"],
    "text_tokenizer": ["transformers", "Qwen2Tokenizer"], "transformer": ["diffusers", "Cosmos3OmniTransformer"],
    "vae": ["diffusers", "AutoencoderKLWan"], "vision_encoder": ["transformers", "Qwen3VLVisionModel"],
    "enable_safety_checker": false})");
}

class PipelineIndexFile : public testing::Test {
 protected:
  PipelineIndex read(const Json& json) const {
    folder_.write("model_index.json", json.dump());
    return read_pipeline_index(folder_.path());
  }
  TemporaryFolder folder_;
};

TEST_F(PipelineIndexFile, NeedNotBeThere) {
  const PipelineIndex index = read_pipeline_index(folder_.path());
  EXPECT_FALSE(index.native_schedule);
  EXPECT_THAT(index.notes, IsEmpty());
}

TEST_F(PipelineIndexFile, ThePublishedOneIsTaken) {
  EXPECT_THAT(read(published()).notes, IsEmpty());
  Json silent = published();
  silent["sound_tokenizer"] = {nullptr, nullptr};
  silent["_class_name"] = "Cosmos3OmniDiffusersPipeline";
  EXPECT_THAT(read(silent).notes, IsEmpty());
}

TEST_F(PipelineIndexFile, SaysThatNoSystemPromptIsUsed) {
  Json json = published();
  json["default_use_system_prompt"] = false;
  EXPECT_THAT(read(json).notes, IsEmpty());
  json["default_use_system_prompt"] = true;
  EXPECT_THAT(read(json).notes, ElementsAre(HasSubstr("model_index.json: default_use_system_prompt is true")));
}

TEST_F(PipelineIndexFile, AsksForTheNativeSchedule) {
  Json json = published();
  json["use_native_flow_schedule"] = true;
  EXPECT_TRUE(read(json).native_schedule);
}

TEST_F(PipelineIndexFile, RefusesOtherPipelinesAndPartsByName) {
  const struct {
    const char* key;
    Json value;
    const char* said;
  } cases[] = {
      {"_class_name", "CosmosTextToWorldPipeline",
       "_class_name: found \"CosmosTextToWorldPipeline\", expected a Cosmos3"},
      {"_class_name", "Cosmos3DistilledModularPipeline", "_class_name: a few-step (distilled) checkpoint"},
      {"is_distilled", true, "is_distilled: a few-step (distilled) checkpoint"},
      {"distilled_sigmas", {1.0, 0.5}, "distilled_sigmas: a few-step (distilled) checkpoint"},
      {"scheduler", {"diffusers", "FlowMatchEulerDiscreteScheduler"}, "scheduler: found [\"diffusers\",\"FlowMatch"},
      {"transformer", {"diffusers", "Cosmos3SimTransformer"}, "transformer: found"},
      {"vae", "AutoencoderKLWan", "vae: found \"AutoencoderKLWan\", expected [LIBRARY, \"AutoencoderKLWan\"]"},
      {"default_use_system_prompt", "yes", "default_use_system_prompt: found \"yes\", expected true or false"},
      {"lidar_tokenizer", {"diffusers", "X"}, "lidar_tokenizer: found [\"diffusers\",\"X\"], expected no such key"},
  };
  for (const auto& c : cases) {
    Json json = published();
    json[c.key] = c.value;
    EXPECT_THAT([&] { read(json); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("model_index.json: "), HasSubstr(c.said))))
        << c.key;
  }
}

TEST_F(PipelineIndexFile, TheModularIndexTellsOfFewSteps) {
  read(published());
  folder_.write("modular_model_index.json", R"({"_class_name": "Cosmos3OmniModularPipeline", "is_distilled": false})");
  EXPECT_NO_THROW(read_pipeline_index(folder_.path()));
  for (const char* mark : {R"({"is_distilled": true})", R"({"distilled_sigmas": [1.0, 0.5]})",
                           R"({"_blocks_class_name": "Cosmos3DistilledBlocks"})"}) {
    folder_.write("modular_model_index.json", mark);
    EXPECT_THAT([&] { read_pipeline_index(folder_.path()); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("modular_model_index.json: "), HasSubstr("few-step"))))
        << mark;
  }
}

TEST_F(PipelineIndexFile, TheNameTellsOfFewSteps) {
  for (const char* name : {"Cosmos3-Super-Text2Image-4Step", "Cosmos3-Super-Image2Video-4Step/",
                           "models--nvidia--Cosmos3-Super-Image2Video-4Step/snapshots/0123abcd"}) {
    fs::create_directories(folder_ / name);
    EXPECT_THAT([&] { read_pipeline_index(folder_ / name); },
                ThrowsMessage<InputError>(HasSubstr("-4Step: a few-step (distilled) checkpoint")))
        << name;
  }
  fs::create_directory_symlink(folder_ / "Cosmos3-Super-Text2Image-4Step", folder_ / "super");
  EXPECT_THAT([&] { read_pipeline_index(folder_ / "super"); }, ThrowsMessage<InputError>(HasSubstr("few-step")));
  fs::create_directories(folder_ / "Cosmos3-Super");
  EXPECT_NO_THROW(read_pipeline_index(folder_ / "Cosmos3-Super"));
}

}  // namespace
}  // namespace orrery
