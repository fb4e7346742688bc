// Conditions and sound that are not available: what fails single clips, and what is refused before the run.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "base/core/file.h"
#include "checkpoint_copy.h"
#include "clips.h"
#include "media_tools.h"
#include "refusal.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

// A line that fails, and the expected words of the error in its record.
struct Failure {
  std::string id;
  Json members;
  std::vector<std::string> words;
};

Json image(const std::string& file) { return {{"image", file}}; }
Json continuing(const std::string& file) { return {{"condition_latents", file}}; }

const std::vector<Failure> kFailures{
    {"image-missing", image("nowhere.png"), {"nowhere.png: ", "o such file"}},
    {"image-folder", image("folder"), {"folder: ", "older"}},
    {"image-text", image("text.png"), {"text.png: "}},
    {"image-cut", image("cut.png"), {"cut.png: "}},
    {"latents-missing", continuing("nowhere.h5"), {"nowhere.h5: ", "o such file"}},
    {"latents-text", continuing("text.png"), {"text.png: "}},
    {"latents-of-another-vae", continuing("vae.h5"), {"vae.h5: ", "of another model (VAE 0123, this checkpoint has "}},
    {"latents-too-high", continuing("high.h5"), {"high.h5: its latents are [8, 3, 6, 6], the clip's are [8, 3, 4, 6]"}},
    {"latents-too-wide", continuing("wide.h5"), {"wide.h5: its latents are [8, 3, 4, 7], the clip's are [8, 3, 4, 6]"}},
    {"latents-too-deep",
     continuing("deep.h5"),
     {"deep.h5: its latents are [16, 3, 4, 6], the clip's are [8, 3, 4, 6]", "channels, height and width must agree"}},
    {"latents-not-finite", continuing("nan.h5"), {"nan.h5: its latents have NaN or infinite values"}},
    {"latents-too-short",
     {{"condition_latents", "short.h5"}, {"condition_frames", {0, 1}}},
     {"short.h5: it has 1 latent frame, condition_frames asks for 2"}},
    {"child", continuing("image-missing"), {"the clip it continues, \"image-missing\", failed"}},
    {"grandchild", continuing("child"), {"the clip it continues, \"child\", failed"}}};

class ModeFailures : public Clips {
 protected:
  void write_latents_of(const std::string& name, const std::vector<std::int64_t>& shape,
                        const std::function<void(LatentFile&)>& change = {}) const {
    LatentFile file;
    file.latents[Stream::Video].shape = shape;
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    file.latents[Stream::Video].values.assign(static_cast<std::size_t>(count), 0.5F);
    if (change) change(file);
    write_latents(folder_ / name, file);
  }

  void write_inputs() const {
    fs::create_directory(folder_ / "folder");
    folder_.write("text.png", "a picture of nothing");
    draw(folder_ / "cut.png", 160, 120);
    cut_in_half(folder_ / "cut.png");
    draw(folder_ / "dot.png", 1, 1);
    draw(folder_ / "ribbon.png", 20000, 10);
    write_latents_of("vae.h5", {1, 8, 3, 4, 6}, [](LatentFile& f) { f.model = R"({"vae_fingerprint": "0123"})"; });
    write_latents_of("high.h5", {1, 8, 3, 6, 6});
    write_latents_of("wide.h5", {1, 8, 3, 4, 7});
    write_latents_of("deep.h5", {1, 16, 3, 4, 6});
    write_latents_of("nan.h5", {1, 8, 3, 4, 6},
                     [](LatentFile& f) { f.latents.at(Stream::Video).values.back() = std::nanf(""); });
    write_latents_of("short.h5", {1, 8, 1, 4, 6});
  }

  // Expects that `run` refuses the line and does not create its folder.
  void expect_refused_line(const Json& members, const Said& said) const {
    const CommandLine line = command("out", {tiny_line("a", members), tiny_line("later")});
    expect_refused(line, folder_ / "out", said);
  }
};

// On two ranks, since the next clip hangs unless every rank knows of the failure.
TEST_F(ModeFailures, FailTheirClipAlone) {
  write_inputs();
  std::vector<Json> lines{tiny_line("first"), tiny_line("dot", image("dot.png"))};
  for (const Failure& failure : kFailures) lines.push_back(tiny_line(failure.id, failure.members));
  lines.push_back(tiny_line("ribbon", image("ribbon.png")));
  lines.push_back(tiny_line("continued", continuing("first")));
  const Ending ending = run("out", lines, {"--media", "none"}, {2, 1}, 1);
  const std::vector<Json> results = json_lines(folder_ / "out/results.jsonl");
  ASSERT_EQ(results.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Json& result = results[i];
    const std::string id = lines[i].at("id").get<std::string>();
    SCOPED_TRACE(result.dump());
    EXPECT_EQ(result.at("id"), id);
    const bool fails = i >= 2 && i < 2 + kFailures.size();
    EXPECT_EQ(result.at("status"), fails ? "failed" : "done");
    EXPECT_EQ(fs::exists(latents_path("out", id)), !fails);
    if (!fails) continue;
    const auto error = result.at("error").get<std::string>();
    EXPECT_EQ(error.find('\n'), std::string::npos);
    for (const std::string& word : kFailures[i - 2].words) EXPECT_THAT(error, HasSubstr(word));
    EXPECT_THAT(ending.err, HasSubstr(id + " failed: " + error));
    EXPECT_THAT(result.at("files"), IsEmpty());
  }
}

TEST_F(ModeFailures, StopTheRunWhenAsked) {
  run("out", {tiny_line("a", image("nowhere.png")), tiny_line("b")}, {"--media", "none", "--on-error", "stop"}, {2, 1},
      1);
  EXPECT_EQ(json_lines(folder_ / "out/results.jsonl").size(), 1);
  EXPECT_FALSE(fs::exists(latents_path("out", "b")));
}

TEST_F(ModeFailures, AreRepairedByTheNextRun) {
  const std::vector<Json> lines{tiny_line("a", image("late.png")), tiny_line("b", continuing("a"))};
  run("out", lines, {"--media", "none"}, {}, 1);
  draw(folder_ / "late.png", 96, 64);
  run("out", lines, {"--media", "none"});
  EXPECT_TRUE(fs::exists(latents_path("out", "b")));
}

class SilentCheckpoint : public ModeFailures {
 protected:
  SilentCheckpoint() {
    checkpoint_ = folder_ / "silent";
    fs::copy(golden_checkpoint("tiny"), checkpoint_, fs::copy_options::recursive);
    fs::remove_all(checkpoint_ / "sound_tokenizer");
  }
  const std::vector<Json> lines_{tiny_line("loud", {{"sound", true}}), tiny_line("quiet")};
};

TEST_F(SilentCheckpoint, FailsTheClipsWithSound) {
  run("out", lines_, {"--media", "none"}, {}, 1);
  const std::vector<Json> results = json_lines(folder_ / "out/results.jsonl");
  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[0].at("status"), "failed");
  EXPECT_THAT(results[0].at("error").get<std::string>(), HasSubstr("sound: the checkpoint has no sound"));
  EXPECT_EQ(results[1].at("status"), "done");
}

TEST_F(SilentCheckpoint, IsFoundByValidate) {
  CommandLine line = command("out", lines_);
  line.at(1) = "validate";
  expect_refused(line, folder_ / "out", {{"out.jsonl:1: id \"loud\": sound: the checkpoint has no sound"}});
}

TEST_F(ModeFailures, AreFoundByValidateWhereNoFileNeedsToBeOpened) {
  CommandLine line = command("out", {tiny_line("a", image("nowhere.png")), tiny_line("b", continuing("nowhere.h5"))});
  line.at(1) = "validate";
  expect_refused(line, folder_ / "out",
                 {{"out.jsonl:1: id \"a\": image: ", "out.jsonl:2: id \"b\": condition_latents: ", "no such file"}, 2});
}

TEST_F(ModeFailures, FrameThatTheClipDoesNotHave) {
  expect_refused_line({{"image", "x.png"}, {"condition_frames", {3}}},
                      {{"out.jsonl:1: ", "condition_frames: 3 is not a latent frame of the clip, which has 0 to 2"}});
}

TEST_F(ModeFailures, ImageTogetherWithLatents) {
  expect_refused_line({{"image", "x.png"}, {"condition_latents", "x.h5"}},
                      {{"out.jsonl:1: ", "condition_latents: excludes image"}});
}

TEST_F(ModeFailures, ParentThatComesLater) {
  expect_refused_line(continuing("later"),
                      {{"out.jsonl:1: ", "names the clip of line 2, which comes later: move it up"}});
}

TEST_F(ModeFailures, ClipThatContinuesItself) {
  expect_refused_line(continuing("a"), {{"out.jsonl:1: ", "names the clip of this line"}});
}

}  // namespace
}  // namespace orrery
