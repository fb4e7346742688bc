// Clips of the trained checkpoint inputs/mini show and sound like what their requests describe, as measured by
// tools/eval_mini.
#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = ORRERY_SOURCE;
constexpr double kFirstFrameDecibels = 28;
constexpr double kOtherLatents = 0.05;  // relative to the largest value; equal requests give equal bits

std::string tool(const std::string& name) { return (kSource / "tools/eval_mini" / name).string(); }

// Twelve steps are enough at guidance 3, but not at 6.
Json clip(const std::string& id, const std::string& prompt, const Json& more = Json::object()) {
  Json line{{"id", id},    {"prompt", prompt}, {"num_frames", 17}, {"height", 128},      {"width", 128},
            {"steps", 12}, {"flow_shift", 3},  {"sound", true},    {"guidance_scale", 3}};
  line.update(more);
  return line;
}

class MiniMeaning : public Clips {
 protected:
  MiniMeaning() { checkpoint_ = kSource / "inputs/mini"; }

  // eval_mini's results for the clips of a run.
  Json evaluate(const std::string& out) const {
    const fs::path found = folder_ / (out + ".json");
    const Ending ending =
        run_program({ORRERY_NUMPY_PYTHON, tool("eval_mini.py"), "--manifest", (folder_ / (out + ".jsonl")).string(),
                     "--json", found.string(), (folder_ / out).string()});
    EXPECT_EQ(ending.exit_code, 0) << ending.err;
    return Json::parse(read_file(found));
  }
};

void expect_right(const Json& found, const std::vector<std::string>& words) {
  for (const Json& seen : found.at("clips")) {
    SCOPED_TRACE(seen.dump());
    for (const std::string& word : words) EXPECT_TRUE(seen.at("right").at(word).get<bool>()) << word;
  }
}

TEST_F(MiniMeaning, ClipsShowAndSoundWhatTheirPromptsSay) {
  run("out",
      {clip("a", "A large red circle moves left quickly on a grey background, with a high tone."),
       clip("b", "A small yellow square moves up and right quickly on a black background, with a low tone."),
       clip("c", "A large blue triangle moves down slowly on a white background, without sound."),
       clip("d", "A small cyan circle moves down and left quickly on a brown background, with a medium tone.")},
      {"--media", "none", "--keep-frames", "--quiet"});
  const Json found = evaluate("out");
  ASSERT_EQ(found.at("clips").size(), 4U);
  expect_right(found, {"size", "color", "shape", "direction", "speed", "background", "tone"});
}

TEST_F(MiniMeaning, ClipsStartWithTheGivenImageAndGoOnFromThere) {
  const Ending drawn = run_program(
      {ORRERY_NUMPY_PYTHON, tool("held_out.py"), "--count", "3", "--images", (folder_ / "images").string()});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  run("out", json_lines(folder_.write("drawn.jsonl", drawn.out)),
      {"--media", "none", "--keep-frames", "--quiet", "--steps", "12", "--guidance-scale", "3"});
  const Json found = evaluate("out");
  for (const Json& seen : found.at("clips")) {
    EXPECT_GE(seen.at("first_frame_psnr").get<double>(), kFirstFrameDecibels) << seen.dump();
  }
  expect_right(found, {"size", "color", "shape", "direction", "speed", "background"});
}

// Two chunks of 17 frames, the second of which adds 12.
TEST_F(MiniMeaning, LongClipsMoveOnAcrossTheirSeams) {
  run("out",
      {clip("a", "A small red circle moves right slowly on a grey background, with a low tone.",
            {{"num_frames", 29}, {"chunk_frames", 17}})},
      {"--media", "none", "--keep-frames", "--quiet"});
  const Ending seams =
      run_program({ORRERY_NUMPY_PYTHON, tool("seams.py"), "--manifest", (folder_ / "out.jsonl").string(), "--most-gap",
                   "1.5", "--most-change", "60", (folder_ / "out").string()});
  EXPECT_EQ(seams.exit_code, 0) << seams.out << seams.err;
}

TEST_F(MiniMeaning, NegativePromptGuidanceAndSeedDecide) {
  const std::string prompt = "A large red circle moves left quickly on a grey background, with a high tone.";
  run("out",
      {clip("a", prompt), clip("again", prompt), clip("negative", prompt, {{"negative_prompt", "A small blue square"}}),
       clip("unguided", prompt, {{"guidance_scale", 1}}), clip("seed", prompt, {{"seed", 7}})},
      {"--media", "none", "--quiet"});
  const at::Tensor video = video_of(latents("out", "a"));
  EXPECT_TRUE(at::equal(video_of(latents("out", "again")), video));
  for (const std::string other : {"negative", "unguided", "seed"}) {
    EXPECT_GT(relative(video_of(latents("out", other)), video), kOtherLatents) << other;
  }
}

}  // namespace
}  // namespace orrery
