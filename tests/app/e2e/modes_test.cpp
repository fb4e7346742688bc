// Clips with an image, with given latents and with sound agree with the reference on every topology.
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>

#include "clips.h"
#include "media_tools.h"

namespace orrery {
namespace {

constexpr double kTolerance = 1e-3;  // relative to the largest value

struct Mode {
  std::string set;
  std::string schedule;
  std::vector<std::string> cases;
  RunGrid grid;
};

std::string name_of(const testing::TestParamInfo<Mode>& test) {
  return test.param.set + "_" + grid_name(test.param.grid);
}

class GoldenModes : public Clips, public testing::WithParamInterface<Mode> {
 protected:
  // Uses the reference's latent of the image, since an 8-bit file cannot hold its pixels.
  Json line_of(const Golden& golden) const {
    Json line = golden_line(golden);
    if (!golden.has("image_latent")) return line;
    const std::string file = line.at("id").get<std::string>() + "-image.h5";
    const at::Tensor image = golden["image_latent"].contiguous();
    LatentFile latents;
    latents.latents[Stream::Video].shape = image.sizes().vec();
    latents.latents[Stream::Video].values.assign(image.const_data_ptr<float>(),
                                                 image.const_data_ptr<float>() + image.numel());
    write_latents(folder_ / file, latents);
    line["condition_latents"] = file;
    return line;
  }
};

TEST_P(GoldenModes, FollowTheReference) {
  const Mode& mode = GetParam();
  checkpoint_ = golden_checkpoint(mode.set);
  std::vector<Json> lines;
  for (const std::string& name : mode.cases) lines.push_back(line_of(Golden::load_case(mode.set + "/" + name)));
  run("out", lines, {"--schedule", mode.schedule, "--media", "none", "--quiet"}, mode.grid);
  double video = 0;
  double sound = 0;
  for (const std::string& name : mode.cases) {
    SCOPED_TRACE(name);
    const Golden golden = Golden::load_case(mode.set + "/" + name);
    const LatentFile file = latents("out", name);
    video = std::max(video, relative(video_of(file), golden["final_video_latent"]));
    ASSERT_EQ(file.latents.contains(Stream::Sound), golden.has("final_sound_latent"));
    if (file.latents.contains(Stream::Sound))
      sound = std::max(sound, relative(tensor_of(file.latents.at(Stream::Sound)), golden["final_sound_latent"]));
  }
  std::cout << "worst: video " << video << ", sound " << sound << "\n";
  EXPECT_LE(video, kTolerance);
  EXPECT_LE(sound, kTolerance);
}

Mode tiny(RunGrid grid) { return {"tiny", "double_shift", {"i2v", "t2av", "i2av"}, grid}; }
Mode gqa_native(RunGrid grid) { return {"gqa_native", "native", {"i2av"}, grid}; }

INSTANTIATE_TEST_SUITE_P(Grids, GoldenModes,
                         testing::Values(tiny({1, 1}), tiny({2, 2}), gqa_native({1, 1}), gqa_native({2, 1})), name_of);

class ImageToVideo : public Clips {};

TEST_F(ImageToVideo, StartsWithTheEncodedImageOnEveryGrid) {
  draw(folder_ / "picture.png", 150, 90);
  ASSERT_EQ(encode("picture.png", "picture.h5").exit_code, 0);
  const at::Tensor encoded = video_of(read_latents(folder_ / "picture.h5"));
  const std::vector<Json> lines{tiny_line("a", {{"image", "picture.png"}})};
  at::Tensor alone;
  for (const RunGrid& grid : {RunGrid{1, 1}, RunGrid{2, 2}}) {
    SCOPED_TRACE(grid_name(grid));
    run(grid_name(grid), lines, {"--media", "none", "--quiet"}, grid);
    const LatentFile file = latents(grid_name(grid), "a");
    const at::Tensor video = video_of(file);
    ASSERT_TRUE(file.condition.contains(Stream::Video));
    EXPECT_TRUE(at::equal(tensor_of(file.condition.at(Stream::Video)), encoded));
    EXPECT_TRUE(at::equal(video.narrow(2, 0, 1), encoded));
    if (!alone.defined()) alone = video;
    EXPECT_LE(relative(video, alone), kTolerance);
  }
}

TEST_F(ImageToVideo, MayPutTheImageElsewhere) {
  draw(folder_ / "picture.png", 96, 64);
  run("out", {tiny_line("a", {{"image", "picture.png"}, {"condition_frames", {2}}})}, {"--media", "none"});
  const LatentFile file = latents("out", "a");
  EXPECT_TRUE(at::equal(video_of(file).narrow(2, 2, 1), tensor_of(file.condition.at(Stream::Video))));
  EXPECT_FALSE(at::equal(video_of(file).narrow(2, 0, 1), tensor_of(file.condition.at(Stream::Video))));
}

}  // namespace
}  // namespace orrery
