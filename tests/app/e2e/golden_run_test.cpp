// Clips made by the program from token ids agree with the reference. denoise_test compares every step on every
// topology; here are the topologies on which the program starts or writes differently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "base/core/file.h"
#include "io/latents/latent_store.h"
#include "orrery_program.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr double kTolerance = 1e-3;  // relative to the largest value

struct Case {
  std::string set;
  std::string name;
  std::string schedule;
  Golden golden() const { return Golden::load_case(set + "/" + name); }
};

struct Grid {
  std::string set;
  int cfg;
  int tp;
};

std::string name_of(const Grid& grid) {
  return grid.set + "_cfg" + std::to_string(grid.cfg) + "_tp" + std::to_string(grid.tp);
}

const std::vector<Case> kCases{{"tiny", "t2v", "double_shift"},
                               {"tiny", "single_frame", "double_shift"},
                               {"tiny", "odd_grid_karras_nocfg", "karras"},
                               {"gqa_native", "t2v", "native"},
                               {"edge", "t2v", "native"}};

std::vector<std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

bool guided(const Golden& golden) { return golden.request().at("guidance").get<double>() > 1; }

Json manifest_line(const Golden& golden) {
  const Json& asked = golden.request();
  Json line;
  line["id"] = asked.at("name");
  line["prompt_token_ids"] = ids_of(golden["text_ids"]);
  line["negative_token_ids"] = ids_of(golden["neg_text_ids"]);
  line["num_frames"] = asked.at("frames");
  line["height"] = asked.at("height");
  line["width"] = asked.at("width");
  line["fps"] = asked.at("fps");
  line["steps"] = asked.at("steps");
  line["guidance_scale"] = asked.at("guidance");
  line["flow_shift"] = 10.0;
  line["seed"] = asked.at("seed");
  return line;
}

at::Tensor video_of(const LatentFile& file) {
  const FloatArray& video = file.latents.at(Stream::Video);
  return at::tensor(video.values, at::kFloat).view(video.shape);
}

double relative(const at::Tensor& found, const at::Tensor& expected) {
  return max_abs(found, expected) / expected.abs().max().item<double>();
}

using Latents = std::map<std::string, LatentFile>;  // by case

// Runs the cases of one schedule into OUT and adds their latent files to `latents`.
void run_cases(const Grid& grid, const std::string& schedule, const TemporaryFolder& folder, Latents& latents) {
  std::string manifest;
  std::vector<std::string> names;
  for (const Case& c : kCases) {
    if (c.set != grid.set || c.schedule != schedule) continue;
    manifest += manifest_line(c.golden()).dump() + "\n";
    names.push_back(c.name);
  }
  if (names.empty()) return;
  const fs::path out = folder / ("out-" + schedule);
  const CommandLine command = run_command(golden_checkpoint(grid.set), folder.write("clips.jsonl", manifest), out,
                                          {"--cfg", std::to_string(grid.cfg), "--tp", std::to_string(grid.tp),
                                           "--schedule", schedule, "--media", "none", "--quiet"});
  const Ending ending = run_program(on_ranks(grid.cfg * grid.tp, command));
  ASSERT_EQ(ending.exit_code, 0) << ending.err;
  const std::vector<Json> results = json_lines(out / "results.jsonl");
  ASSERT_EQ(results.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    LatentFile file = read_latents(out / "latents" / (names[i] + ".h5"));
    EXPECT_EQ(results[i].at("id"), names[i]);
    EXPECT_EQ(results[i].at("status"), "done");
    EXPECT_EQ(results[i].at("latent_checksum"), latents_checksum(file));
    latents.emplace(names[i], std::move(file));
  }
}

Latents run_set(const Grid& grid) {
  const TemporaryFolder folder;
  Latents latents;
  for (const char* schedule : {"double_shift", "karras", "native"}) run_cases(grid, schedule, folder, latents);
  return latents;
}

// The first run on each grid, made once for all tests.
const Latents& latents_on(const Grid& grid) {
  static std::map<std::string, Latents> made;
  const std::string key = name_of(grid);
  const auto found = made.find(key);
  return found != made.end() ? found->second : made.emplace(key, run_set(grid)).first->second;
}

void expect_same_but_for_the_time(Latents a, Latents b) {
  ASSERT_EQ(a.size(), b.size());
  for (auto& [name, file] : a) {
    file.created = b.at(name).created;
    EXPECT_TRUE(file == b.at(name)) << name << ": a second run made another file";
  }
}

class GoldenRun : public testing::TestWithParam<Grid> {};

TEST_P(GoldenRun, FollowsTheReference) {
  const Grid& grid = GetParam();
  const Latents& latents = latents_on(grid);
  const Latents& on_one_rank = latents_on({grid.set, 1, 1});
  double from_golden = 0;
  double from_one_rank = 0;
  for (const Case& c : kCases) {
    if (c.set != grid.set) continue;
    SCOPED_TRACE(c.name);
    const Golden golden = c.golden();
    ASSERT_TRUE(latents.contains(c.name));
    const LatentFile& file = latents.at(c.name);
    EXPECT_EQ(file.cond_ids, ids_of(golden["text_ids"]));
    EXPECT_EQ(file.uncond_ids, guided(golden) ? ids_of(golden["neg_text_ids"]) : std::vector<std::int64_t>{});
    EXPECT_TRUE(at::equal(at::tensor(file.sigmas, at::kFloat), golden["sigmas"]));
    EXPECT_TRUE(at::equal(at::tensor(file.timesteps, at::kDouble), golden["timesteps"].to(at::kDouble)));
    from_golden = std::max(from_golden, relative(video_of(file), golden["final_video_latent"]));
    from_one_rank = std::max(from_one_rank, relative(video_of(file), video_of(on_one_rank.at(c.name))));
  }
  std::cout << "worst: " << from_golden << " from the reference, " << from_one_rank << " from one rank\n";
  EXPECT_LE(from_golden, kTolerance);
  EXPECT_LE(from_one_rank, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Grids, GoldenRun,
                         testing::Values(Grid{"tiny", 1, 1}, Grid{"tiny", 2, 2}, Grid{"gqa_native", 1, 1},
                                         Grid{"gqa_native", 1, 2}, Grid{"edge", 1, 1}, Grid{"edge", 2, 2}),
                         [](const auto& test) { return name_of(test.param); });

class GoldenRunAgain : public testing::TestWithParam<Grid> {};

TEST_P(GoldenRunAgain, MakesTheSameFile) { expect_same_but_for_the_time(run_set(GetParam()), latents_on(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Grids, GoldenRunAgain, testing::Values(Grid{"tiny", 1, 1}, Grid{"gqa_native", 1, 2}),
                         [](const auto& test) { return name_of(test.param); });

TEST(EdgeTexts, AreRefusedWhereTheirTemplateIsNotKnown) {
  const TemporaryFolder folder;
  const std::string manifest = folder.write("clips.jsonl", R"({"id": "a", "prompt": "A cat.", "guidance_scale": 1})");
  for (const char* word : {"validate", "tokens"}) {
    const Ending ending =
        run_program(orrery({word, "--checkpoint", golden_checkpoint("edge").string(), "--manifest", manifest}));
    EXPECT_EQ(ending.exit_code, 2);
    EXPECT_THAT(ending.err, HasSubstr("clips.jsonl:1: id \"a\": prompt: the checkpoint is a Cosmos3-Edge one")) << word;
  }
}

class GoldenFiles : public testing::Test {
 protected:
  // Runs one case of the checkpoint "tiny" on one rank, with the options `more`.
  void run(const Case& c, const std::string& out, const CommandLine& more) const {
    const fs::path manifest = folder_.write("clip.jsonl", manifest_line(c.golden()).dump() + "\n");
    const Ending ending = run_program(run_command(golden_checkpoint(c.set), manifest, folder_ / out, more));
    ASSERT_EQ(ending.exit_code, 0) << ending.err;
  }
  TemporaryFolder folder_;
};

using Bytes = std::vector<std::uint8_t>;

// `input` as raw frames in 4:2:0 by ffmpeg, which is the format inside an mp4.
Bytes frames_420(const CommandLine& input) {
  CommandLine command{"ffmpeg", "-v", "error"};
  command.insert(command.end(), input.begin(), input.end());
  for (const char* word : {"-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd", "-f",
                           "rawvideo", "-pix_fmt", "yuv420p", "-"}) {
    command.emplace_back(word);
  }
  const Ending ending = run_program(command);
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  return {ending.out.begin(), ending.out.end()};
}

// Pixels (3, frames, H, W) in [0, 1] as a file of 8-bit RGB frames.
std::string raw_rgb(const at::Tensor& pixels) {
  const at::Tensor bytes = pixels.mul(255).round().to(at::kByte).permute({1, 2, 3, 0}).contiguous();
  return {bytes.const_data_ptr<std::uint8_t>(), bytes.const_data_ptr<std::uint8_t>() + bytes.numel()};
}

double psnr(const Bytes& a, const Bytes& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(double{1} * a[i] - b[i], 2);
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / sum);
}

// The golden pixels are close to noise, of which 4:2:0 loses much, so both sides are converted before comparing.
TEST_F(GoldenFiles, TheVideoShowsTheReferencesPixels) {
  const Case& c = kCases.front();
  run(c, "out", {"--schedule", c.schedule, "--crf", "1"});
  const at::Tensor pixels = c.golden()["pixels"].squeeze(0);
  const std::string size = std::to_string(pixels.size(3)) + "x" + std::to_string(pixels.size(2));
  const fs::path raw = folder_.write("golden.rgb", raw_rgb(pixels));
  const Bytes expected = frames_420({"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i", raw.string()});
  const Bytes found = frames_420({"-i", (folder_ / "out/media/t2v.mp4").string()});
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(pixels.numel() / 2));
  ASSERT_EQ(found.size(), expected.size());
  const double decibels = psnr(found, expected);
  std::cout << "PSNR " << decibels << " dB\n";
  EXPECT_GT(decibels, 28);
}

TEST_F(GoldenFiles, SeedSemanticsAreTheDoubleShiftSchedule) {
  const Case& c = kCases.front();
  run(c, "seed", {"--semantics", "seed", "--media", "none"});
  run(c, "native", {"--schedule", "double_shift", "--media", "none"});
  LatentFile seed = read_latents(folder_ / "seed/latents/t2v.h5");
  const LatentFile native = read_latents(folder_ / "native/latents/t2v.h5");
  seed.created = native.created;
  EXPECT_TRUE(seed == native);
  EXPECT_LE(relative(video_of(seed), c.golden()["final_video_latent"]), kTolerance);
}

TEST_F(GoldenFiles, SeedSemanticsLeaveTheNegativeCaptionBare) {
  const fs::path manifest = folder_.write("clip.jsonl", R"({"id": "a", "prompt": "A cat", "negative_prompt": "rain"})");
  const auto negative = [&](const std::string& semantics) {
    const Ending ending = run_program(orrery({"tokens", "--checkpoint", demo_checkpoint().string(), "--manifest",
                                              manifest.string(), "--semantics", semantics}));
    EXPECT_EQ(ending.exit_code, 0) << ending.err;
    return Json::parse(ending.out);
  };
  const Json seed = negative("seed");
  const Json native = negative("native");
  EXPECT_EQ(seed.at("negative_caption"), "rain");
  EXPECT_THAT(native.at("negative_caption").get<std::string>(), HasSubstr("rain. The video is "));
  EXPECT_EQ(seed.at("caption"), native.at("caption"));
  EXPECT_THAT(seed.at("caption").get<std::string>(), HasSubstr("A cat. The video is "));
}

}  // namespace
}  // namespace orrery
