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
  run("in_8_bits", lines, {"--media", "none", "--gemm", "fp8"}, {2, 2});
  const double difference = relative(video("in_8_bits"), video("of_plain"));
  EXPECT_GT(difference, 1e-4);
  EXPECT_LT(difference, 0.2);
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
