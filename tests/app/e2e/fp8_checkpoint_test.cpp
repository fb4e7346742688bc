// Checkpoints in 8 bits, as NVIDIA publishes them, are read as the values that they represent.
#include <gmock/gmock.h>

#include "base/core/file.h"
#include "clips.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::HasSubstr;

class Float8Checkpoint : public Clips {
 protected:
  // Converts the layers of a checkpoint to 8 bits.
  std::filesystem::path made(const std::string& name, const CommandLine& more = {},
                             const std::filesystem::path& source = golden_checkpoint("tiny")) const {
    CommandLine command{ORRERY_NUMPY_PYTHON, std::string(ORRERY_SOURCE) + "/tools/make_fp8_checkpoint.py",
                        source.string(), (folder_ / name).string()};
    command.insert(command.end(), more.begin(), more.end());
    const Ending ending = run_program(command);
    EXPECT_EQ(ending.exit_code, 0) << ending.err;
    return folder_ / name;
  }
};

const CommandLine kNoMedia{"--media", "none"};

CommandLine in_8_bits(const std::string& full_precision_steps, const CommandLine& more = {}) {
  CommandLine options{"--media", "none", "--gemm", "fp8", "--full-precision-steps", full_precision_steps};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

TEST_F(Float8Checkpoint, MakesTheClipOfTheNumbersThatItStandsFor) {
  const std::vector<Json> lines{tiny_line("a", {{"sound", true}})};
  checkpoint_ = made("plain", {"--dequantised"});
  run("of_plain", lines, kNoMedia);
  run("of_plain_tp2", lines, kNoMedia, {1, 2});
  checkpoint_ = made("fp8");
  run("of_fp8", lines, kNoMedia);
  const auto video = [this](const std::string& out) { return video_of(latents(out, "a")); };
  EXPECT_TRUE(at::equal(video("of_fp8"), video("of_plain")));
  run("full_tp2", lines, in_8_bits("3,0"), {1, 2});
  EXPECT_TRUE(at::equal(video("full_tp2"), video("of_plain_tp2"))) << "8-bit weights in full precision";
  run("in_8_bits", lines, in_8_bits("0,0"), {2, 2});
  const double difference = relative(video("in_8_bits"), video("of_plain"));
  EXPECT_GT(difference, 1e-4);
  EXPECT_LT(difference, 0.2);
}

struct Twin {
  const char* name;
  bool is_mini;
  std::vector<RunGrid> grids;
};

class Float8Twins : public Float8Checkpoint, public testing::WithParamInterface<Twin> {};

// Weights stay in 8 bits on each rank and are converted for each product.
TEST_P(Float8Twins, AreTheSameOverEveryGrid) {
  const std::vector<Json> lines{tiny_line("a")};
  const std::filesystem::path source =
      GetParam().is_mini ? std::filesystem::path(ORRERY_SOURCE) / "inputs/mini" : golden_checkpoint("tiny");
  checkpoint_ = made("plain", {"--dequantised"}, source);
  run("of_plain", lines, kNoMedia);
  checkpoint_ = made("fp8", {}, source);
  for (const RunGrid& grid : GetParam().grids) {
    const std::string out = grid_name(grid);
    run(out, lines, in_8_bits("3,0"), grid);
    EXPECT_LE(relative(video_of(latents(out, "a")), video_of(latents("of_plain", "a"))), 1e-3) << out;
  }
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, Float8Twins,
                         testing::Values(Twin{"tiny", false, {{1, 4}}}, Twin{"mini", true, {{1, 1}, {2, 2}}}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(Float8Checkpoint, SaysHowInputsAreRounded) {
  const std::vector<Json> lines{tiny_line("a")};
  const auto video = [this](const std::string& out) { return video_of(latents(out, "a")); };
  const auto said = [this](const std::string& out) {
    return Json::parse(latents(out, "a").model).value("input_scales", "");
  };
  run("plain", lines, kNoMedia);
  checkpoint_ = made("wide", {"--largest-input", "32"});
  run("by_file", lines, in_8_bits("0,0"));
  const CommandLine by_token = in_8_bits("0,0", {"--input-scales", "dynamic"});
  EXPECT_THAT(run("by_file", lines, by_token, {}, 2).err, HasSubstr("with another --input-scales"));
  run("by_token", lines, by_token);
  checkpoint_ = made("narrow", {"--largest-input", "0.5"});
  run("cut_off", lines, in_8_bits("0,0"));
  const double by_file = relative_rms(video("by_file"), video("plain"));
  const double by_each_token = relative_rms(video("by_token"), video("plain"));
  EXPECT_LT(by_file, 1.5 * by_each_token);
  EXPECT_NE(by_file, by_each_token);
  EXPECT_GT(relative_rms(video("cut_off"), video("plain")), 1.5 * by_file) << by_file << ", " << by_each_token;
  EXPECT_EQ(said("by_file"), "static");
  EXPECT_EQ(said("by_token"), "");
}

// Of three layers, only the middle one can compute in 8 bits.
TEST_F(Float8Checkpoint, LeavesPlainWhatItsConfigExcludes) {
  const std::vector<Json> lines{tiny_line("a")};
  const CommandLine exclude{"--exclude", "layers.1.*"};
  checkpoint_ = made("plain", {"--dequantised", "--exclude", "layers.1.*"});
  run("of_plain", lines, kNoMedia);
  checkpoint_ = made("fp8", exclude);
  run("of_fp8", lines, in_8_bits("0,0"));
  EXPECT_TRUE(at::equal(video_of(latents("of_fp8", "a")), video_of(latents("of_plain", "a"))));
}

TEST_F(Float8Checkpoint, SaysWhichStepsAreInFullPrecision) {
  checkpoint_ = made("fp8");
  const std::filesystem::path config = checkpoint_ / "transformer" / "config.json";
  Json json = Json::parse(read_file(config));
  json["quantization_config"]["runtime"]["diffusion_step_policy"]["first_steps"]["count"] = 1;
  json["quantization_config"]["runtime"]["diffusion_step_policy"]["last_steps"]["count"] = 0;
  write_file(config, json.dump());
  run("out", {tiny_line("a")}, {"--media", "none", "--gemm", "fp8"});
  EXPECT_EQ(Json::parse(read_file(folder_ / "out" / "run.json")).at("topology").at("full_precision_steps"), "1,0");
}

TEST_F(Float8Checkpoint, IsCheckedBeforeItIsUsed) {
  checkpoint_ = made("fp8");
  write_file(folder_ / "m.jsonl", tiny_line("a").dump() + "\n");
  const CommandLine validate = orrery({"validate", "--device", "cpu", "--checkpoint", checkpoint_.string(),
                                       "--manifest", (folder_ / "m.jsonl").string()});
  EXPECT_EQ(run_program(validate).exit_code, 0);
  const std::filesystem::path config = checkpoint_ / "transformer" / "config.json";
  Json json = Json::parse(read_file(config));
  json["quantization_config"]["quant_algo"] = "NVFP4";
  write_file(config, json.dump());
  const Ending refused = run_program(validate);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("quant_algo: found \"NVFP4\", expected \"FP8\""));
}

}  // namespace
}  // namespace orrery
