#include "models/zoo/pipeline_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/core/json.h"
#include "support/golden.h"
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
      {"distilled_sigmas", {0.5, 1.0}, "distilled_sigmas: found [0.5,1.0], expected noise levels that fall from 1"},
      {"is_distilled", "yes", "is_distilled: found \"yes\", expected true or false"},
      {"scheduler", {"diffusers", "DDIMScheduler"}, "scheduler: found [\"diffusers\",\"DDIMScheduler"},
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

class FewStepFiles : public PipelineIndexFile {
 protected:
  void write_modular(const Json& json) const { folder_.write("modular_model_index.json", json.dump()); }
  void write_scheduler(const Json& json) const { folder_.write("scheduler/scheduler_config.json", json.dump()); }
  std::vector<float> levels() const { return few_step_levels(folder_.path()); }
  FewStepFiles() { folder_.write("model_index.json", published().dump()); }
};

const Json kEuler{{"_class_name", "FlowMatchEulerDiscreteScheduler"}};

TEST_F(FewStepFiles, APlainCheckpointHasNone) {
  EXPECT_THAT(levels(), IsEmpty());
  write_modular({{"_class_name", "Cosmos3OmniModularPipeline"}, {"is_distilled", false}});
  write_scheduler({{"_class_name", "UniPCMultistepScheduler"}});
  EXPECT_THAT(levels(), IsEmpty());
}

TEST_F(FewStepFiles, ThePublishedLayoutIsRead) {
  const Golden golden = Golden::load_case("distilled/t2v");
  const std::vector<float> found = few_step_levels(golden_checkpoint("distilled"));
  EXPECT_TRUE(at::equal(at::tensor(found, at::kFloat), golden["sigmas"].narrow(0, 0, 4)));
  EXPECT_EQ(found, published_few_step_levels());
}

TEST_F(FewStepFiles, EachMarkIsEnough) {
  write_modular({{"is_distilled", true}, {"distilled_sigmas", {1.0, 0.5}}});
  EXPECT_THAT(levels(), ElementsAre(1, 0.5F));
  write_scheduler(kEuler);
  EXPECT_THAT(levels(), ElementsAre(1, 0.5F));
  write_modular(Json::object());
  write_scheduler({{"_class_name", "FlowMatchEulerDiscreteScheduler"},
                   {"fixed_step_sampler_config", {{"t_list", {1.0, 0.25, 0.0}}}}});
  EXPECT_THAT(levels(), ElementsAre(1, 0.25F));
}

TEST_F(FewStepFiles, TheNameIsAMarkToo) {
  for (const char* name : {"Cosmos3-Super-Text2Image-4Step", "Cosmos3-Super-Image2Video-4Step/",
                           "models--nvidia--Cosmos3-Super-Image2Video-4Step/snapshots/0123abcd"}) {
    fs::create_directories(folder_ / name);
    EXPECT_EQ(few_step_levels(folder_ / name), published_few_step_levels()) << name;
  }
  fs::create_directory_symlink(folder_ / "Cosmos3-Super-Text2Image-4Step", folder_ / "super");
  EXPECT_EQ(few_step_levels(folder_ / "super"), published_few_step_levels());
  folder_.write("Cosmos3-Super-Text2Image-4Step/modular_model_index.json", R"({"distilled_sigmas": [1.0, 0.5]})");
  EXPECT_THAT(few_step_levels(folder_ / "super"), ElementsAre(1, 0.5F)) << "the files know better";
  fs::create_directories(folder_ / "Cosmos3-Super");
  EXPECT_THAT(few_step_levels(folder_ / "Cosmos3-Super"), IsEmpty());
}

TEST_F(FewStepFiles, LevelsThatDifferOrAreMissingAreRefused) {
  const auto refusal = [&](const char* said) {
    EXPECT_THAT([&] { levels(); }, ThrowsMessage<InputError>(HasSubstr(said)));
  };
  write_scheduler(kEuler);
  refusal("a few-step (distilled) checkpoint without its noise levels");
  write_modular({{"_blocks_class_name", "Cosmos3DistilledBlocks"}});
  refusal("a few-step (distilled) checkpoint without its noise levels");
  write_modular({{"distilled_sigmas", {1.0, 0.5}}});
  write_scheduler({{"fixed_step_sampler_config", {{"t_list", {1.0, 0.25}}}}});
  refusal("modular_model_index.json: distilled_sigmas: other noise levels than fixed_step_sampler_config.t_list");
}

TEST_F(FewStepFiles, TheModularIndexAsksForASystemPromptToo) {
  write_modular({{"default_use_system_prompt", true}});
  EXPECT_THAT(read_pipeline_index(folder_.path()).notes,
              ElementsAre(HasSubstr("modular_model_index.json: default_use_system_prompt is true")));
}

}  // namespace
}  // namespace orrery
