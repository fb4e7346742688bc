// What computes attention is told in a run's records, and a clip may go on with another kernel.
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

  model["attention"] = "fa3";  // as a run on a GPU would have left it
  state.model = model.dump();
  write_latents(snapshot, state);
  const Ending resumed = run("out", {tiny_line("a")}, {"--media", "none"});
  EXPECT_THAT(resumed.err, HasSubstr("attention was computed by fa3 so far and is by aten from here on"));
  EXPECT_EQ(Json::parse(latents("out", "a").model).at("attention"), "aten");
  EXPECT_EQ(json_lines(folder_ / "out" / "results.jsonl").back().at("attention"), "aten");
}

TEST_F(Clips, AreRefusedAKernelThatTheDeviceHasNot) {
  EXPECT_THAT(run("out", {tiny_line("a")}, {"--attention-kernel", "fa3"}, {}, 2).err,
              HasSubstr("--attention-kernel fa3: it runs on GPUs, not on CPUs"));
  EXPECT_THAT(run("out", {tiny_line("a")}, {"--attention-kernel", "cudnn"}, {}, 2).err,
              HasSubstr("--attention-kernel cudnn: it computes on GPUs in bfloat16"));
}

}  // namespace
}  // namespace orrery
