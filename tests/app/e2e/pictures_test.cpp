// Pictures: clips of one frame, from a manifest to PNG and JPEG files.
#include <gmock/gmock.h>

#include "clips.h"
#include "io/media/made_from.h"
#include "io/media/media_reader.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr double kLatentTolerance = 1e-3;  // relative to the largest value
constexpr double kPixelTolerance = 2e-3;   // of [0, 1], before rounding to 8 bits

at::Tensor pixels_of(const fs::path& file) {
  RgbImage image = read_image(file);
  const at::Tensor bytes = at::from_blob(image.rgb.data(), {image.height, image.width, 3}, at::kByte);
  return bytes.permute({2, 0, 1}).to(at::kFloat) / 255;
}

Json picture_line(const std::string& id, const Json& more = Json::object()) {
  Json line = tiny_line(id, {{"num_frames", 1}});
  line.update(more);
  return line;
}

class Pictures : public Clips {
 protected:
  std::vector<Json> results(const std::string& out) const { return json_lines(folder_ / out / "results.jsonl"); }
};

class GoldenPicture : public Pictures, public testing::WithParamInterface<RunGrid> {
 protected:
  GoldenPicture() { checkpoint_ = golden_checkpoint("modes"); }
};

TEST_P(GoldenPicture, HasTheReferencesLatentsAndPixels) {
  const Golden golden = Golden::load_case("modes/t2i");
  Json line = golden_line(golden);
  line["flow_shift"] = golden.request().at("flow_shift");
  run("out", {line}, {}, GetParam());
  EXPECT_LE(relative(video_of(latents("out", "t2i")), golden["final_video_latent"]), kLatentTolerance);
  const at::Tensor expected = golden["pixels"][0].squeeze(1);
  EXPECT_LE(max_abs(pixels_of(path("out/media/t2i.png")), expected), 0.5 / 255 + kPixelTolerance);
  EXPECT_FALSE(fs::exists(path("out/media/t2i.mp4")));
}

INSTANTIATE_TEST_SUITE_P(Grids, GoldenPicture,
                         testing::Values(RunGrid{1, 1}, RunGrid{2, 1}, RunGrid{1, 2}, RunGrid{2, 2}),
                         [](const auto& test) { return grid_name(test.param); });

TEST_F(Pictures, AreMadeOnceInTheFormatAskedFor) {
  const std::vector<Json> lines{picture_line("a"), tiny_line("b")};
  run("out", lines);
  EXPECT_THAT(results("out")[0].at("files"), ElementsAre("latents/a.h5", "media/a.png"));
  EXPECT_THAT(results("out")[1].at("files"), ElementsAre("latents/b.h5", "media/b.mp4"));
  run("out", lines, {"--image-format", "jpg"});
  ASSERT_EQ(results("out").size(), 3U) << "only the picture's file is made again";
  const Json again = results("out").back();
  EXPECT_THAT(again.at("files"), ElementsAre("latents/a.h5", "media/a.jpg"));
  EXPECT_EQ(made_from(path("out/media/a.jpg")), again.at("latent_checksum").get<std::string>());
  EXPECT_LE(max_abs(pixels_of(path("out/media/a.jpg")), pixels_of(path("out/media/a.png"))), 0.2);
  run("out", lines, {"--image-format", "jpg"});
  EXPECT_EQ(results("out").size(), 3U);
}

TEST_F(Pictures, AreDecodedAgainFromTheirLatents) {
  run("out", {picture_line("a")});
  const Ending ending = run_program(orrery({"decode", "--checkpoint", checkpoint_.string(), "--out",
                                            path("again").string(), latents_path("out", "a").string()}));
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_EQ(max_abs(pixels_of(path("again/media/a.png")), pixels_of(path("out/media/a.png"))), 0);
}

}  // namespace
}  // namespace orrery
