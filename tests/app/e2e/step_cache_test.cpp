// Clips with --step-cache and --guidance-interval: stopping and resuming, several ranks, and their records.
#include <gmock/gmock.h>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr double kSameAcrossGrids = 1e-3;  // relative to the largest value

// Nine steps with all features of a clip. The cache skips some of them, and the unconditional branch begins late.
Json cached_line(const std::string& id, const Json& more = Json::object()) {
  Json line = tiny_line(id, {{"steps", 9},
                             {"step_cache", 0.6},
                             {"step_cache_skips", 2},
                             {"step_cache_order", 1},
                             {"guidance_interval", {600, 990}},
                             {"normalize_cfg", true},
                             {"sound", true},
                             {"image", "picture.png"}});
  line.update(more);
  return line;
}

class StepCacheRun : public Clips {
 protected:
  StepCacheRun() { fs::copy_file(std::string(ORRERY_SOURCE) + "/inputs/street.png", folder_ / "picture.png"); }

  Json last_result(const std::string& out) const { return json_lines(folder_ / out / "results.jsonl").back(); }
};

const CommandLine kNoMedia{"--media", "none"};

class StoppedCache : public StepCacheRun, public testing::WithParamInterface<RunGrid> {};

// The snapshot contains the cache's state: resuming at any step gives the same bits.
TEST_P(StoppedCache, GoesOnAsIfItHadNotStopped) {
  const std::vector<Json> lines{cached_line("a")};
  run("whole", lines, kNoMedia, GetParam());
  const Json whole = last_result("whole");
  EXPECT_GT(whole.at("computed_steps"), 2);
  EXPECT_LT(whole.at("computed_steps"), 9);
  const CommandLine two_steps{"--media", "none", "--stop-after-steps", "2"};
  for (int part = 0; part < 4; ++part) run("parts", lines, two_steps, GetParam(), kStopped);
  run("parts", lines, kNoMedia, GetParam());
  EXPECT_TRUE(timeless_latents("parts", "a") == timeless_latents("whole", "a"));
  EXPECT_EQ(last_result("parts").at("computed_steps"), whole.at("computed_steps"));
}

INSTANTIATE_TEST_SUITE_P(Grids, StoppedCache, testing::Values(RunGrid{1, 1}, RunGrid{2, 1}),
                         [](const auto& test) { return grid_name(test.param); });

TEST_F(StepCacheRun, ASnapshotGoesOnOverOtherRanks) {
  const std::vector<Json> lines{cached_line("a")};
  run("whole", lines, kNoMedia);
  const CommandLine three_steps{"--media", "none", "--stop-after-steps", "3"};
  run("parts", lines, three_steps, {2, 1}, kStopped);
  run("parts", lines, three_steps, {2, 4}, kStopped);
  run("parts", lines, kNoMedia, {1, 2});
  const LatentFile found = latents("parts", "a"), expected = latents("whole", "a");
  EXPECT_LE(relative(video_of(found), video_of(expected)), kSameAcrossGrids);
  EXPECT_LE(relative(tensor_of(found.latents.at(Stream::Sound)), tensor_of(expected.latents.at(Stream::Sound))),
            kSameAcrossGrids);
  EXPECT_EQ(last_result("parts").at("computed_steps"), last_result("whole").at("computed_steps"));
}

// Ranks wait in steps that do not compute their branch; the second clip continues the first.
TEST_F(StepCacheRun, TwoGroupsMakeOneRanksClip) {
  const std::vector<Json> lines{cached_line("a"), tiny_line("b", {{"condition_latents", "a"}, {"step_cache", 0.4}})};
  run("one", lines, kNoMedia);
  run("two", lines, kNoMedia, {2, 1});
  for (const char* id : {"a", "b"}) {
    EXPECT_LE(relative(video_of(latents("two", id)), video_of(latents("one", id))), kSameAcrossGrids) << id;
  }
  const auto results = [this](const std::string& out) { return json_lines(folder_ / out / "results.jsonl"); };
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(results("two")[i].at("computed_steps"), results("one")[i].at("computed_steps"));
  }
}

TEST_F(StepCacheRun, WithoutAThresholdNothingChanges) {
  run("plain", {tiny_line("a")}, kNoMedia);
  run("off", {tiny_line("a", {{"step_cache", 0}})}, kNoMedia);
  EXPECT_TRUE(timeless_latents("off", "a") == timeless_latents("plain", "a"));
  EXPECT_FALSE(last_result("off").contains("computed_steps"));
  run("plain", {tiny_line("a", {{"step_cache", 0.0}, {"step_cache_skips", 5}})}, kNoMedia);
  EXPECT_EQ(json_lines(folder_ / "plain" / "results.jsonl").size(), 1U) << "it is the same clip";
}

TEST_F(StepCacheRun, ClipsOfOtherSettingsAreOtherClips) {
  run("out", {tiny_line("a")}, {"--media", "none", "--step-cache", "0.4"});
  for (const CommandLine& other : std::vector<CommandLine>{{},
                                                           {"--step-cache", "0.5"},
                                                           {"--step-cache", "0.4", "--step-cache-skips", "1"},
                                                           {"--step-cache", "0.4", "--step-cache-order", "1"},
                                                           {"--step-cache", "0.4", "--guidance-interval", "400,900"},
                                                           {"--step-cache", "0.4", "--normalize-cfg"}}) {
    CommandLine more = kNoMedia;
    more.insert(more.end(), other.begin(), other.end());
    EXPECT_THAT(run("out", {tiny_line("a")}, more, {}, 2).err, HasSubstr("from another request with this id"));
  }
}

TEST_F(StepCacheRun, IsToldOfEverywhere) {
  run("out", {cached_line("a")}, {"--media", "none", "--timings"});
  const std::int64_t computed = last_result("out").at("computed_steps");
  const Json timings = Json::parse(read_file(folder_ / "out" / "timings" / "a.json"));
  EXPECT_EQ(timings.at("step_seconds").size(), 9U);
  EXPECT_EQ(std::ssize(timings.at("computed_steps")), computed);
  EXPECT_EQ(timings.at("computed_steps").front(), 1);
  EXPECT_EQ(timings.at("computed_steps").back(), 9);
  EXPECT_THAT(run_program(orrery({"inspect", latents_path("out", "a").string()})).out,
              AllOf(HasSubstr("guided between timesteps [600.0,990.0]"), HasSubstr("normalized guidance"),
                    HasSubstr("step cache 0.6 of order 1 with 2 skips in a row at most")));
  EXPECT_THAT(run_program(orrery({"report", (folder_ / "out").string()})).out,
              HasSubstr("step cache: " + std::to_string(computed) + " of 9 steps were computed"));
}

}  // namespace
}  // namespace orrery
