// Clips that begin with pixel frames of a video, of pictures, or of a clip that they continue.
#include <gmock/gmock.h>

#include <iostream>

#include "clips.h"
#include "media_tools.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr double kTolerance = 1e-3;  // relative to the largest value
const CommandLine kQuick{"--media", "none", "--quiet"};

Json line_after(const std::string& id, const std::string& earlier, const Json& more = Json::object()) {
  Json line = tiny_line(id, {{"continues", earlier}});
  line.update(more);
  return line;
}

class Continue : public Clips {
 protected:
  // Writes bytes (n, H, W, 3) as a lossless video.
  void write_video(const std::string& name, const at::Tensor& frames) const {
    const std::string bytes(static_cast<const char*>(frames.contiguous().const_data_ptr()), frames.nbytes());
    const fs::path raw = folder_.write(name + ".rgb", bytes);
    const std::string size = std::to_string(frames.size(2)) + "x" + std::to_string(frames.size(1));
    const Ending ending = run_program({"ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r",
                                       "24", "-i", raw, "-c:v", "png", folder_ / name});
    ASSERT_EQ(ending.exit_code, 0) << ending.err;
  }
};

class ContinueGolden : public Continue, public testing::WithParamInterface<RunGrid> {};

TEST_P(ContinueGolden, OfAVideoFollowsTheReference) {
  checkpoint_ = golden_checkpoint("modes");
  const Golden golden = Golden::load_case("modes/v2v_last");
  write_video("clip.mov", golden["clip_frames"]);
  Json line = golden_line(golden);
  line["continues"] = "clip.mov";
  run("out", {line}, kQuick, GetParam());
  const LatentFile file = latents("out", "v2v_last");
  ASSERT_TRUE(file.condition.contains(Stream::Video));
  const double condition = relative(tensor_of(file.condition.at(Stream::Video)), golden["cond_latent"]);
  const double video = relative(video_of(file), golden["final_video_latent"]);
  std::cout << "worst: condition " << condition << ", latents " << video << "\n";
  EXPECT_LE(condition, kTolerance);
  EXPECT_LE(video, kTolerance);
}

// The reference's latents at the given frames, in the order of a latent file.
at::Tensor given_latents(const Golden& golden) {
  const std::vector<std::int64_t> frames = golden.request().at("condition_frames");
  return golden["cond_latent"].index_select(2, at::tensor(frames, at::kLong));
}

TEST_P(ContinueGolden, VideosBeginClipsAsTheReferenceSays) {
  checkpoint_ = golden_checkpoint("modes");
  std::vector<Json> lines;
  const std::vector<std::string> names{"v2v_first", "v2v_last", "v2v_short_gap", "v2v_sound"};
  for (const std::string& name : names) {
    const Golden golden = Golden::load_case("modes/" + name);
    write_video(name + ".mov", golden["clip_frames"]);
    lines.push_back(golden_line(golden));
    lines.back()["video"] = name + ".mov";
    lines.back()["video_keep"] = golden.request().at("keep");
    lines.back()["condition_frames"] = golden.request().at("condition_frames");
  }
  run("out", lines, kQuick, GetParam());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const Golden golden = Golden::load_case("modes/" + name);
    const LatentFile file = latents("out", name);
    EXPECT_LE(relative(tensor_of(file.condition.at(Stream::Video)), given_latents(golden)), kTolerance);
    EXPECT_LE(relative(video_of(file), golden["final_video_latent"]), kTolerance);
    ASSERT_EQ(file.latents.contains(Stream::Sound), golden.has("final_sound_latent"));
    if (!golden.has("final_sound_latent")) continue;
    EXPECT_LE(relative(tensor_of(file.latents.at(Stream::Sound)), golden["final_sound_latent"]), kTolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, ContinueGolden, testing::Values(RunGrid{1, 1}, RunGrid{2, 1}, RunGrid{2, 2}),
                         [](const auto& test) { return grid_name(test.param); });

TEST_F(Continue, GuidanceBelowOneIsABlend) {
  checkpoint_ = golden_checkpoint("modes");
  const Golden golden = Golden::load_case("modes/guidance_below_one");
  run("out", {golden_line(golden)}, kQuick, {2, 1});
  EXPECT_LE(relative(video_of(latents("out", "guidance_below_one")), golden["final_video_latent"]), kTolerance);
}

// Frames kept by --keep-frames are rounded to 8 bits; those that a clip continues from are not.
TEST_F(Continue, OfAnEarlierLineStartsWithItsLastFrames) {
  run("out", {tiny_line("a"), line_after("b", "a")}, {"--keep-frames", "--quiet"});
  const Ending joined = run_program({"ffmpeg", "-v", "error", "-start_number", "4", "-i",
                                     (folder_ / "out/frames/a/%06d.png").string(), "-c:v", "png", folder_ / "a.mov"});
  ASSERT_EQ(joined.exit_code, 0) << joined.err;
  run("file", {line_after("b", "a.mov")}, kQuick);
  const LatentFile from_id = latents("out", "b");
  ASSERT_TRUE(from_id.condition.contains(Stream::Video));
  EXPECT_LE(relative(tensor_of(from_id.condition.at(Stream::Video)),
                     tensor_of(latents("file", "b").condition.at(Stream::Video))),
            2e-2);
  EXPECT_TRUE(at::equal(video_of(from_id).narrow(2, 0, 2), tensor_of(from_id.condition.at(Stream::Video))));
}

TEST_F(Continue, ARunThatStopsOnTheWayMakesTheSame) {
  const std::vector<Json> lines{tiny_line("a"), line_after("b", "a"), line_after("c", "b", {{"width", 64}})};
  run("whole", lines, kQuick);
  CommandLine stopping = kQuick;
  stopping.insert(stopping.end(), {"--stop-after-steps", "4"});
  run("parts", lines, stopping, {}, kStopped);  // in the middle of b
  run("parts", lines, stopping, {}, kStopped);  // in the middle of c
  run("parts", lines, kQuick);
  for (const char* id : {"a", "b", "c"}) {
    SCOPED_TRACE(id);
    EXPECT_TRUE(timeless_latents("parts", id) == timeless_latents("whole", id));
  }
}

// Strips decoded by several ranks give the frames of one rank, whatever media are written.
TEST_F(Continue, AllRanksDecodeTheEarlierClip) {
  const std::vector<Json> lines{tiny_line("a"), line_after("b", "a")};
  run("one", lines, kQuick);
  run("four", lines, kQuick, {2, 2});
  CommandLine tiles = kQuick;
  tiles.insert(tiles.end(), {"--vae-split", "tiles"});
  run("tiles", lines, tiles, {2, 1});
  const at::Tensor alone = tensor_of(latents("one", "b").condition.at(Stream::Video));
  EXPECT_LE(relative(tensor_of(latents("four", "b").condition.at(Stream::Video)), alone), kTolerance);
  EXPECT_LE(relative(tensor_of(latents("tiles", "b").condition.at(Stream::Video)), alone), kTolerance);
}

// A clip from one picture to another has the same given latents as one that begins with a video of both pictures.
TEST_F(Continue, PicturesMayBeginAndEndAClip) {
  draw(folder_ / "p0.png", 96, 64, 1);
  const CommandLine ffmpeg{"ffmpeg", "-v", "error"};
  const auto make = [&](const CommandLine& arguments) {
    CommandLine line = ffmpeg;
    line.insert(line.end(), arguments.begin(), arguments.end());
    return run_program(line).exit_code;
  };
  ASSERT_EQ(make({"-i", folder_ / "p0.png", "-vf", "negate", folder_ / "p1.png"}), 0);
  ASSERT_EQ(make({"-framerate", "24", "-i", folder_ / "p%d.png", "-c:v", "png", folder_ / "both.mov"}), 0);
  const Json size{{"num_frames", 13}};
  Json pictures = size, video = size;
  pictures.update({{"image", "p0.png"}, {"last_image", "p1.png"}});
  video.update({{"video", "both.mov"}, {"condition_frames", {0, 3}}});
  run("out", {tiny_line("pictures", pictures), tiny_line("video", video)}, kQuick);
  const LatentFile file = latents("out", "pictures");
  const at::Tensor given = tensor_of(file.condition.at(Stream::Video));
  ASSERT_EQ(given.size(2), 2);
  EXPECT_TRUE(at::equal(given, tensor_of(latents("out", "video").condition.at(Stream::Video))));
  EXPECT_TRUE(at::equal(video_of(file).select(2, 3), given.select(2, 1)));
}

TEST_F(Continue, ABeginningIsKnownByItsContent) {
  draw(folder_ / "a.mp4", 96, 64, 6);
  const std::vector<Json> lines{tiny_line("x", {{"video", "a.mp4"}})};
  run("out", lines, kQuick);
  fs::rename(folder_ / "a.mp4", folder_ / "b.mp4");
  EXPECT_EQ(run_program(command("out", {tiny_line("x", {{"video", "b.mp4"}})}, kQuick)).exit_code, 0)
      << "it only moved";
  draw(folder_ / "a.mp4", 96, 64, 7);
  const Ending ending = run_program(command("out", lines, kQuick));
  EXPECT_EQ(ending.exit_code, 2);
  EXPECT_THAT(ending.err, HasSubstr("from another video: the content of "));
}

TEST_F(Continue, AClipWhoseParentFailsFails) {
  folder_.write("text.mp4", "moving pictures");
  const Ending ending =
      run("out", {line_after("a", "text.mp4"), line_after("b", "a"), tiny_line("c")}, {"--media", "none"}, {}, 1);
  EXPECT_THAT(ending.err, AllOf(HasSubstr("a failed: "), HasSubstr("text.mp4"),
                                HasSubstr("b failed: continues: the clip it continues, \"a\", failed")));
  EXPECT_TRUE(fs::exists(latents_path("out", "c")));
}

}  // namespace
}  // namespace orrery
