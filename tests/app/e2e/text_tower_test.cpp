// --text-tower changes when the towers are on the device, but no bit of the results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

using testing::HasSubstr;

class TextTower : public Clips, public testing::WithParamInterface<RunGrid> {};

std::vector<Json> lines() {
  return {tiny_line("a"), tiny_line("b", {{"prompt_token_ids", {3, 200, 41}}, {"seed", 7}}),
          tiny_line("c", {{"guidance_scale", 1.0}}), tiny_line("d", {{"condition_latents", "a"}})};
}

TEST_P(TextTower, ReleasedMakesTheSameBits) {
  run("keep", lines(), {"--text-tower", "keep", "--media", "none"}, GetParam());
  const Ending released = run("release", lines(), {"--text-tower", "release", "--media", "none"}, GetParam());
  EXPECT_THAT(released.err, HasSubstr("computing 3 texts"));
  for (const char* id : {"a", "b", "c", "d"}) {
    EXPECT_TRUE(at::equal(video_of(latents("keep", id)), video_of(latents("release", id)))) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, TextTower, testing::Values(RunGrid{1, 1}, RunGrid{2, 2}),
                         [](const auto& test) { return grid_name(test.param); });

TEST_F(Clips, ReleasedOnlyForWhatIsStillToDo) {
  run("out", lines(), {"--text-tower", "release"});
  std::filesystem::remove(path("out/media/b.mp4"));
  const Ending again = run("out", lines(), {"--text-tower", "release"});
  EXPECT_EQ(again.err.find("computing"), std::string::npos) << again.err;
  EXPECT_TRUE(std::filesystem::exists(path("out/media/b.mp4")));
}

TEST_F(Clips, ResultsShareAllTimeOut) {
  run("out", {tiny_line("a"), tiny_line("b", {{"condition_latents", "a"}})});
  const std::vector<Json> results = json_lines(path("out/results.jsonl"));
  ASSERT_EQ(results.size(), 2U);
  for (const char* phase : {"between", "noise", "text", "denoise", "save", "decode"}) {
    EXPECT_TRUE(results[0].at("seconds").contains(phase)) << phase;
  }
  EXPECT_TRUE(results[1].at("seconds").contains("condition"));
  EXPECT_GT(results[1].at("seconds").at("between").get<double>(), 0) << "a's result was written meanwhile";
  EXPECT_FALSE(results[0].contains("peak_gpu_memory"));
}

}  // namespace
}  // namespace orrery
