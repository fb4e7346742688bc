// Checkpoints in 8 bits, as NVIDIA publishes them: read as the numbers that they stand for.
#include <gmock/gmock.h>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

using testing::HasSubstr;

class Float8Checkpoint : public Clips {
 protected:
  // The golden checkpoint with its layers in 8 bits.
  std::filesystem::path made(const std::string& name, const CommandLine& more = {}) const {
    CommandLine command{ORRERY_NUMPY_PYTHON, std::string(ORRERY_SOURCE) + "/tools/make_fp8_checkpoint.py",
                        golden_checkpoint("tiny").string(), (folder_ / name).string()};
    command.insert(command.end(), more.begin(), more.end());
    const Ending ending = run_program(command);
    EXPECT_EQ(ending.exit_code, 0) << ending.err;
    return folder_ / name;
  }
};

const CommandLine kNoMedia{"--media", "none"};

TEST_F(Float8Checkpoint, MakesTheClipOfTheNumbersThatItStandsFor) {
  const std::vector<Json> lines{tiny_line("a", {{"sound", true}})};
  checkpoint_ = made("plain", {"--dequantised"});
  run("of_plain", lines, kNoMedia);
  run("of_plain_tp2", lines, kNoMedia, {1, 2});
  checkpoint_ = made("fp8");
  run("of_fp8", lines, kNoMedia);
  run("of_fp8_tp2", lines, kNoMedia, {1, 2});
  const auto video = [this](const std::string& out) { return video_of(latents(out, "a")); };
  EXPECT_TRUE(at::equal(video("of_fp8"), video("of_plain")));
  EXPECT_TRUE(at::equal(video("of_fp8_tp2"), video("of_plain_tp2")));
  const auto in_8_bits = [](const std::string& steps) {
    return CommandLine{"--media", "none", "--gemm", "fp8", "--full-precision-steps", steps};
  };
  run("full_tp2", lines, in_8_bits("3,0"), {1, 2});
  EXPECT_TRUE(at::equal(video("full_tp2"), video("of_plain_tp2"))) << "8-bit weights in full precision";
  run("in_8_bits", lines, in_8_bits("0,0"), {2, 2});
  const double difference = relative(video("in_8_bits"), video("of_plain"));
  EXPECT_GT(difference, 1e-4);
  EXPECT_LT(difference, 0.2);
}

TEST_F(Float8Checkpoint, SaysWhichStepsAreInFullPrecision) {
  checkpoint_ = made("fp8");
  const std::filesystem::path config = checkpoint_ / "transformer" / "config.json";
  Json json = Json::parse(read_file(config));
  json["quantization_config"]["runtime"]["diffusion_step_policy"]["first_steps"]["count"] = 1;
  json["quantization_config"]["runtime"]["diffusion_step_policy"]["last_steps"]["count"] = 0;
  write_file(config, json.dump());
  run("out", {tiny_line("a")}, {"--media", "none", "--gemm", "fp8"});
  run("plain", {tiny_line("a")}, kNoMedia);
  const auto said = [this](const std::string& out) {
    return Json::parse(read_file(folder_ / out / "run.json")).at("topology").at("full_precision_steps");
  };
  EXPECT_EQ(said("out"), "1,0");
  EXPECT_EQ(said("plain"), "0,0");
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
