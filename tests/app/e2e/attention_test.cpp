// A run's records name the attention kernel, and a clip may be resumed with another kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clips.h"

namespace orrery {
namespace {

using testing::HasSubstr;

TEST_F(Clips, SayWhatComputedAttention) {
  run("out", {tiny_line("a")}, {"--media", "none", "--stop-after-steps", "1"}, {}, kStopped);
  EXPECT_EQ(parse_json_file(folder_ / "out" / "run.json").at("topology").at("attention"), "aten");
  const std::filesystem::path snapshot = snapshot_path("out", "a");
  LatentFile state = read_latents(snapshot);
  Json model = Json::parse(state.model);
  EXPECT_EQ(model.at("attention"), "aten");

  model["attention"] = "fa3";  // as recorded by a run on a GPU
  state.model = model.dump();
  write_latents(snapshot, state);
  const Ending resumed = run("out", {tiny_line("a")}, {"--media", "none"});
  EXPECT_THAT(resumed.err, HasSubstr("attention was computed by fa3 so far and is by aten from here on"));
  EXPECT_EQ(Json::parse(latents("out", "a").model).at("attention"), "aten");
  EXPECT_EQ(json_lines(folder_ / "out" / "results.jsonl").back().at("attention"), "aten");
}

// 8-bit attention works on any grid and is recorded; its clips are not mixed with those of exact attention.
TEST_F(Clips, WithAttentionInEightBitsAreNearAndMarked) {
  run("plain", {tiny_line("a")}, {"--media", "none"});
  run("fp8", {tiny_line("a")}, {"--media", "none", "--attention", "fp8", "--full-precision-steps", "0,0"}, {2, 2});
  const double difference = relative(video_of(latents("fp8", "a")), video_of(latents("plain", "a")));
  EXPECT_GT(difference, 1e-5);
  EXPECT_LT(difference, 0.2);  // relative to the largest value, with random weights, as for 8-bit products
  EXPECT_EQ(Json::parse(latents("fp8", "a").model).at("attention_format"), "fp8");
  EXPECT_FALSE(Json::parse(latents("plain", "a").model).contains("attention_format"));
  EXPECT_EQ(parse_json_file(folder_ / "fp8" / "run.json").at("topology").at("attention_format"), "fp8");
  EXPECT_THAT(run("fp8", {tiny_line("a")}, {"--media", "none"}, {}, 2).err, HasSubstr("with another --attention"));
  run("again", {tiny_line("a")}, {"--media", "none", "--attention", "fp8", "--full-precision-steps", "0,0"});
  EXPECT_LT(relative(video_of(latents("again", "a")), video_of(latents("fp8", "a"))), 0.3 * difference)
      << "the ranks' shares show";
}

TEST_F(Clips, AreRefusedAKernelThatTheDeviceHasNot) {
  EXPECT_THAT(run("out", {tiny_line("a")}, {"--attention-kernel", "fa3"}, {}, 2).err,
              HasSubstr("--attention-kernel fa3: it runs on GPUs, not on CPUs"));
  EXPECT_THAT(run("out", {tiny_line("a")}, {"--attention-kernel", "cudnn"}, {}, 2).err,
              HasSubstr("--attention-kernel cudnn: cuDNN computes attention only on GPUs in bfloat16"));
}

}  // namespace
}  // namespace orrery
