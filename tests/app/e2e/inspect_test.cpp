// The commands that describe files and folders: inspect, compare, report, completion.
#include <gmock/gmock.h>

#include <limits>

#include "base/core/file.h"
#include "clips.h"
#include "media_tools.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Tells : public Clips {
 protected:
  Ending tell(const CommandLine& words, int exit_code = 0) const {
    Ending ending = run_program(orrery(words));
    EXPECT_EQ(ending.exit_code, exit_code) << ending.err;
    return ending;
  }
  Json told(CommandLine words, int exit_code = 0) const {
    words.emplace_back("--json");
    return Json::parse(tell(words, exit_code).out);
  }
  // Copies a latent file with one value of the video changed.
  fs::path with_value(const fs::path& file, const std::string& name, std::size_t place, float value) const {
    LatentFile latents = read_latents(file);
    latents.latents.at(Stream::Video).values.at(place) = value;
    write_latents(folder_ / name, latents);
    return folder_ / name;
  }
};

// --- inspect

TEST_F(Tells, WhatIsInALatentFile) {
  run("out", {tiny_line("a", {{"sound", true}}), tiny_line("b")});
  const std::string a = latents_path("out", "a"), b = latents_path("out", "b"), sheet = folder_ / "a.png";
  EXPECT_THAT(tell({"inspect", a, "--preview", sheet}).out,
              AllOf(HasSubstr("latents/a.h5: complete"), HasSubstr("9 frames of 96 x 64"), HasSubstr("seed 42"),
                    HasSubstr("/latents/sound"), HasSubstr("[1, 8, 3, 4, 6]"), HasSubstr("verified")));
  const Json json = told({"inspect", a});
  const LatentFile file = read_latents(a);
  EXPECT_EQ(json["latent_checksum"], latents_checksum(file));
  EXPECT_EQ(json["request"]["id"], "a");
  EXPECT_EQ(json["not_finite"], 0);
  ASSERT_EQ(json["video_channels"].size(), 8U);
  EXPECT_EQ(json["sound_channels"].size(), 8U);
  const at::Tensor channel = video_of(file).select(1, 2);
  EXPECT_NEAR(json["video_channels"][2]["max"].get<double>(), channel.max().item<double>(), 1e-6);
  EXPECT_NEAR(json["video_channels"][2]["mean"].get<double>(), channel.mean().item<double>(), 1e-5);
  EXPECT_NEAR(json["video_channels"][2]["deviation"].get<double>(), channel.std(false).item<double>(), 1e-5);
  EXPECT_EQ(probe(sheet)[0]["width"], 2 * 27 * 6 + 4) << "three frames of 6 x 4 cells, two in a row";
  EXPECT_EQ(probe(sheet)[0]["height"], 2 * 27 * 4 + 4);
  const Ending table = tell({"inspect", a, b});
  EXPECT_EQ(std::count(table.out.begin(), table.out.end(), '\n'), 3);
}

TEST_F(Tells, WhereASnapshotIs) {
  run("out", {tiny_line("a")}, {"--stop-after-steps", "2"}, {}, kStopped);
  const Json json = told({"inspect", snapshot_path("out", "a")});
  EXPECT_EQ(json["state"], "running");
  EXPECT_EQ(json["sampler"]["step"], 2);
  EXPECT_EQ(json["sampler"]["steps"], 3);
  EXPECT_THAT(tell({"inspect", snapshot_path("out", "a")}).out, HasSubstr("running, step 2 of 3"));
}

TEST_F(Tells, WhatIsWrongWithAFile) {
  run("out", {tiny_line("a")});
  const fs::path good = latents_path("out", "a");
  const fs::path bad = with_value(good, "bad.h5", 5, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(told({"inspect", bad})["not_finite"], 1);
  EXPECT_EQ(told({"inspect", bad})["video_channels"][0]["nan"], 1);

  std::string bytes = read_file(good);
  folder_.write("half.h5", bytes.substr(0, bytes.size() / 2));
  const CommandLine several{"inspect", good, folder_ / "half.h5", folder_ / "none.h5"};
  const Ending ending = tell(several, 2);
  EXPECT_THAT(ending.out, HasSubstr("latents/a.h5"));
  EXPECT_THAT(ending.err, AllOf(HasSubstr("half.h5: "), HasSubstr("none.h5: no such file")));
  EXPECT_THAT(tell({"inspect", folder_ / "half.h5"}, 2).out, IsEmpty());
}

// --- compare

TEST_F(Tells, HowFarLatentsAreApart) {
  run("out", {tiny_line("a"), tiny_line("long", {{"num_frames", 13}})});
  const fs::path a = latents_path("out", "a");
  EXPECT_EQ(told({"compare", a, a})["video"]["max_abs"], 0);
  const std::size_t second_frame = 4 * 6 + 1;
  const float before = read_latents(a).latents.at(Stream::Video).values[second_frame];
  const fs::path b = with_value(a, "b.h5", second_frame, before + 0.5F);
  const Json found = told({"compare", a, b}, 1)["video"];
  EXPECT_NEAR(found["max_abs"].get<double>(), 0.5, 1e-6);
  EXPECT_EQ(found["first_differing_frame"], 1);
  const at::Tensor values = video_of(read_latents(a));
  EXPECT_NEAR(found["relative_rms"].get<double>(), 0.5 / values.norm().item<double>(), 1e-6);
  EXPECT_TRUE(told({"compare", a, b, "--tolerance", "0.51"})["within_tolerance"].get<bool>());
  EXPECT_THAT(tell({"compare", a, latents_path("out", "long")}, 2).err, HasSubstr("[1, 8, 4, 4, 6]"));
  EXPECT_THAT(tell({"compare", a}, 2).err, HasSubstr("two latent files"));
  const fs::path nan = with_value(a, "nan.h5", 0, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(told({"compare", nan, nan})["video"]["max_abs"], 0);
  EXPECT_TRUE(told({"compare", a, nan, "--tolerance", "1e9"}, 1)["video"]["max_abs"].is_null());
}

TEST_F(Tells, HowFarSoundsAreApart) {
  run("out", {tiny_line("a", {{"sound", true}}), tiny_line("b", {{"sound", true}, {"seed", 1}}), tiny_line("mute")});
  const fs::path a = latents_path("out", "a"), a_media = folder_ / "out/media/a.mp4";
  const std::string b_media = folder_ / "out/media/b.mp4";
  LatentFile file = read_latents(a);
  file.latents.at(Stream::Sound).values.at(1) += 0.25F;
  write_latents(folder_ / "b.h5", file);
  const Json latents = told({"compare", a, folder_ / "b.h5"}, 1);
  EXPECT_EQ(latents["video"]["max_abs"], 0);
  EXPECT_NEAR(latents["sound"]["max_abs"].get<double>(), 0.25, 1e-6);
  EXPECT_EQ(latents["sound"]["first_differing_frame"], 1);

  EXPECT_EQ(told({"compare", a_media, a_media})["sound"]["max_abs"], 0);
  EXPECT_GE(told({"compare", a_media, a_media})["sound"]["frames"].get<int>(), 9 * 48000 / 24);
  const double apart = told({"compare", a_media, b_media}, 1)["sound"]["max_abs"].get<double>();
  EXPECT_GT(apart, 0);
  EXPECT_TRUE(told({"compare", a_media, b_media, "--tolerance", "255"})["within_tolerance"].get<bool>());
  EXPECT_THAT(tell({"compare", a_media, folder_ / "out/media/mute.mp4", "--tolerance", "255"}, 1).out,
              HasSubstr("a.mp4 has sound"));
}

TEST_F(Tells, HowFarVideosAreApart) {
  run("out", {tiny_line("a"), tiny_line("b", {{"seed", 1}}), tiny_line("long", {{"num_frames", 13}})});
  const auto media = [&](const char* id) { return folder_ / ("out/media/" + std::string(id) + ".mp4"); };
  EXPECT_EQ(told({"compare", media("a"), media("a")})["pictures"]["frames"], 9);
  const Json other = told({"compare", media("a"), media("b")}, 1)["pictures"];
  EXPECT_EQ(other["first_differing_frame"], 0);
  EXPECT_GT(other["psnr"].get<double>(), 0);
  EXPECT_EQ(tell({"compare", media("a"), media("b"), "--tolerance", "255"}).exit_code, 0);
  EXPECT_THAT(tell({"compare", media("a"), media("long"), "--tolerance", "255"}, 1).out, HasSubstr("has a frame 9"));
  EXPECT_THAT(tell({"compare", media("a"), latents_path("out", "a")}, 2).err, HasSubstr("another kind of file"));
}

// --- previews

TEST_F(Tells, WhatClipsLookLike) {
  run("out", {tiny_line("a")});
  const fs::path sheet = folder_ / "out/media/a.png";
  EXPECT_FALSE(fs::exists(sheet));
  run("out", {tiny_line("a")}, {"--preview"});
  ASSERT_TRUE(fs::exists(sheet));
  EXPECT_EQ(probe(sheet)[0]["width"], 4 * 96 + 3 * 4) << "nine frames, four a row";
  EXPECT_EQ(probe(sheet)[0]["height"], 3 * 64 + 2 * 4);
  EXPECT_THAT(json_lines(folder_ / "out/results.jsonl").back()["files"].dump(), HasSubstr("media/a.png"));
  EXPECT_THAT(run("out", {tiny_line("a")}, {"--preview"}).err, HasSubstr("0 clips to make"));
  CommandLine decode{"decode", "--checkpoint", checkpoint_, "--device", "cpu", "--out", folder_ / "again"};
  decode.insert(decode.end(), {"--media", "none", "--preview", latents_path("out", "a")});
  tell(decode);
  EXPECT_TRUE(read_file(folder_ / "again/media/a.png") == read_file(sheet));
}

// --- timings

TEST_F(Tells, WhatEachStepTook) {
  run("out", {tiny_line("a")}, {"--stop-after-steps", "2"}, {}, kStopped);
  EXPECT_FALSE(fs::exists(folder_ / "out/timings"));
  run("out", {tiny_line("a"), tiny_line("b", {{"image", "lost.png"}})}, {"--timings"}, {}, 1);
  const Json a = Json::parse(read_file(folder_ / "out/timings/a.json"));
  EXPECT_EQ(a["format"], "orrery-timings");
  EXPECT_EQ(a["first_step"], 3) << "the first two were made before";
  ASSERT_EQ(a["step_seconds"].size(), 1U);
  EXPECT_GT(a["step_seconds"][0].get<double>(), 0);
  EXPECT_LE(a["step_seconds"][0].get<double>(), a["phases"]["denoise"].get<double>());
  EXPECT_EQ(a["phases"], json_lines(folder_ / "out/results.jsonl").at(1)["seconds"]);
  EXPECT_EQ(a["topology"]["dtype"], "float32");
  const Json b = Json::parse(read_file(folder_ / "out/timings/b.json"));
  EXPECT_EQ(b["status"], "failed");
  EXPECT_EQ(b["step_seconds"].size(), 0U);
}

// --- report

TEST_F(Tells, WhatRunsHaveMade) {
  const std::vector<Json> lines{tiny_line("a"), tiny_line("b", {{"image", "lost1.png"}}),
                                tiny_line("c", {{"image", "lost2.png"}})};
  run("out", lines, {"--shard", "0/2"}, {}, 1);
  const std::string out = folder_ / "out";
  const Json first = told({"report", out});
  EXPECT_EQ(first["requested"], 3);
  EXPECT_EQ(first["remaining"].get<int>() + first["done"].get<int>(), 3);
  run("out", lines, {"--shard", "1/2"}, {}, 1);
  const Json both = told({"report", out});
  EXPECT_EQ(both["done"], 1);
  EXPECT_EQ(both["failed"], 2);
  EXPECT_EQ(both["remaining"], 2);
  ASSERT_EQ(both["failures"].size(), 1U) << both["failures"];
  EXPECT_EQ(both["failures"][0]["ids"].size(), 2U);
  EXPECT_GT(both["phases"]["denoise"].get<double>(), 0);
  EXPECT_TRUE(both["gpu_hours"].is_null());
  EXPECT_EQ(both["throughput"]["spans"][0]["clips"], 1);
  EXPECT_THAT(tell({"report", out}).out, AllOf(HasSubstr("1 done, 2 failed"), HasSubstr("2 of 3 remain"),
                                               HasSubstr("2 x "), HasSubstr("lost1.png"), HasSubstr("denoise")));
  const std::string gallery = read_file(folder_ / "out/index.html");
  EXPECT_THAT(gallery, AllOf(HasSubstr("media/a.mp4"), HasSubstr("lost1.png"), HasSubstr("lost2.png")));
  run("whole", {tiny_line("a")});
  EXPECT_THAT(tell({"report", "--watch", folder_ / "whole"}).out, HasSubstr("0 of 1 remain")) << "ends by itself";
  folder_.write("empty/x", "");
  EXPECT_THAT(tell({"report", folder_ / "empty"}, 2).err, HasSubstr("no results.jsonl"));
}

// --- completion

TEST_F(Tells, BashWhatCanFollow) {
  const fs::path script = folder_.write("orrery.bash", tell({"completion", "bash"}).out);
  const auto words = [&](const std::string& line, int word) {
    return run_program({"bash", "-c",
                        "source \"$0\"; COMP_WORDS=(" + line + "); COMP_CWORD=" + std::to_string(word) +
                            "; _orrery; echo \"${COMPREPLY[@]}\"",
                        script})
        .out;
  };
  EXPECT_EQ(words("orrery in", 1), "inspect\n");
  EXPECT_EQ(words("orrery run --snap", 2), "--snapshot-every\n");
  EXPECT_EQ(words("orrery run --device c", 3), "cpu cuda\n");
  EXPECT_EQ(words("orrery compare --tol", 2), "--tolerance\n");
  EXPECT_THAT(tell({"completion", "fish"}, 2).err, HasSubstr("expected bash"));
}

}  // namespace
}  // namespace orrery
