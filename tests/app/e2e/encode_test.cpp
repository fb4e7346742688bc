// `orrery encode` of images and videos, and its refusals.
#include <gmock/gmock.h>

#include "base/core/file.h"
#include "clips.h"
#include "media_tools.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class Encode : public Clips {
 protected:
  LatentFile encoded(const std::string& source, const CommandLine& more = {}) const {
    const Ending ending = encode(source, "encoded.h5", more);
    EXPECT_EQ(ending.exit_code, 0) << ending.err;
    return read_latents(folder_ / "encoded.h5");
  }
  // Expects exit code 2, a message of one line with the words, and no file.
  void expect_refused(const std::string& source, const CommandLine& more, const std::vector<std::string>& words) const {
    const Ending ending = encode(source, "encoded.h5", more);
    EXPECT_EQ(ending.exit_code, 2) << ending.err;
    EXPECT_TRUE(ending.err.starts_with("orrery: error: ")) << ending.err;
    for (const std::string& word : words) EXPECT_THAT(ending.err, HasSubstr(word));
    EXPECT_FALSE(fs::exists(folder_ / "encoded.h5"));
  }
};

TEST_F(Encode, TakesTheFirstFramesThatMakeWholeLatents) {
  draw(folder_ / "eleven.mp4", 128, 80, 11);
  const LatentFile file = encoded("eleven.mp4");
  EXPECT_THAT(file.latents.at(Stream::Video).shape, ElementsAre(1, 8, 3, 4, 6));
  const Json request = Json::parse(file.request);
  EXPECT_EQ(request.at("num_frames"), 9);
  EXPECT_EQ(request.at("fps"), 24.0);
  EXPECT_EQ(request.at("source"), (folder_ / "eleven.mp4").string());
  EXPECT_EQ(Json::parse(file.model).at("latent_channel"), 8);
}

TEST_F(Encode, TakesAsManyFramesAsAsked) {
  draw(folder_ / "eleven.mp4", 128, 80, 11);
  const at::Tensor all = video_of(encoded("eleven.mp4"));
  const at::Tensor some = video_of(encoded("eleven.mp4", {"--num-frames", "5"}));
  EXPECT_TRUE(at::equal(some, all.narrow(2, 0, 2)));  // the encoder is causal
}

TEST_F(Encode, TakesOneFrameOfAnImage) {
  draw(folder_ / "picture.png", 31, 47);
  EXPECT_THAT(encoded("picture.png").latents.at(Stream::Video).shape, ElementsAre(1, 8, 1, 4, 6));
}

TEST_F(Encode, MakesTheFolderOfItsFile) {
  draw(folder_ / "picture.png", 32, 32);
  EXPECT_EQ(encode("picture.png", "new/folder/picture.h5").exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "new/folder/picture.h5"));
}

TEST_F(Encode, RefusesAFolderThatCannotBeMade) {
  draw(folder_ / "picture.png", 32, 32);
  const Ending ending = encode("picture.png", "picture.png/picture.h5");
  EXPECT_EQ(ending.exit_code, 2);
  EXPECT_THAT(ending.err, HasSubstr("picture.png: cannot be made a folder"));
}

TEST_F(Encode, MakesAFileThatDecodes) {
  draw(folder_ / "eleven.mp4", 128, 80, 11);
  encoded("eleven.mp4");
  const Ending ending =
      run_program(orrery({"decode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / "out").string(),
                          "--device", "cpu", "--keep-frames", (folder_ / "encoded.h5").string()}));
  ASSERT_EQ(ending.exit_code, 0) << ending.err;
  const Json video = probe(folder_ / "out/media/encoded.mp4").at(0);
  EXPECT_EQ(video.at("width"), 96);
  EXPECT_EQ(video.at("height"), 64);
  EXPECT_EQ(video.at("nb_frames"), "9");
  EXPECT_EQ(video.at("r_frame_rate"), "24/1");
  EXPECT_TRUE(fs::exists(folder_ / "out/frames/encoded/000008.png"));
  EXPECT_FALSE(fs::exists(folder_ / "out/frames/encoded/000009.png"));
}

TEST_F(Encode, RefusesAVideoThatIsTooShort) {
  draw(folder_ / "eleven.mp4", 128, 80, 11);
  expect_refused("eleven.mp4", {"--num-frames", "13"},
                 {"eleven.mp4: it has only 9 usable frames, --num-frames asks for 13"});
}

TEST_F(Encode, RefusesAVideoThatIsCutShort) {
  draw(folder_ / "cut.mp4", 128, 80, 48);
  fs::resize_file(folder_ / "cut.mp4", fs::file_size(folder_ / "cut.mp4") / 2);
  expect_refused("cut.mp4", {}, {"cut.mp4: "});
}

TEST_F(Encode, RefusesWhatIsNoVideo) {
  folder_.write("text.mp4", "moving pictures");
  fs::create_directory(folder_ / "folder");
  expect_refused("text.mp4", {}, {"text.mp4: "});
  expect_refused("folder", {}, {"folder: "});
  expect_refused("nowhere.mp4", {}, {"nowhere.mp4: ", "o such file"});
}

struct BadSize {
  const char* name;
  CommandLine more;
  std::vector<std::string> words;
};

class EncodeSize : public Encode, public testing::WithParamInterface<BadSize> {};

TEST_P(EncodeSize, IsRefused) {
  draw(folder_ / "picture.png", 32, 32);
  CommandLine line = orrery({"encode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / "x.h5").string()});
  line.insert(line.end(), GetParam().more.begin(), GetParam().more.end());
  line.push_back((folder_ / "picture.png").string());
  const Ending ending = run_program(line);
  EXPECT_EQ(ending.exit_code, 2);
  for (const std::string& word : GetParam().words) EXPECT_THAT(ending.err, HasSubstr(word));
  EXPECT_FALSE(fs::exists(folder_ / "x.h5"));
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, EncodeSize,
    testing::Values(BadSize{"Height", {"--height", "60", "--width", "96"}, {"--height: 60 is not a multiple of 16"}},
                    BadSize{"Width", {"--height", "64", "--width", "100"}, {"--width: 100 is not a multiple of 16"}},
                    BadSize{"Frames",
                            {"--height", "64", "--width", "96", "--num-frames", "10"},
                            {"--num-frames: 10 is not a multiple of 4, plus 1"}},
                    BadSize{"NoHeight", {"--width", "96"}, {"--height"}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace orrery
