#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "io/media/video_writer.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

class VideoFile : public MediaFiles {
 protected:
  void write(Fraction fps, int frames) const {
    VideoFormat format;
    format.width = 96;
    format.height = 64;
    format.fps = fps;
    VideoWriter writer(path_, format);
    for (int i = 0; i < frames; ++i) writer.write(waves(96, 64, i).rgb);
    writer.finish();
  }

  std::filesystem::path path_ = folder_ / "clip.mp4";
};

TEST_F(VideoFile, GivesEveryFrameInOrder) {
  write({24000, 1001}, 30);
  VideoReader reader(path_);
  EXPECT_EQ(reader.width(), 96);
  EXPECT_EQ(reader.height(), 64);
  EXPECT_EQ(reader.fps(), (Fraction{24000, 1001}));
  RgbImage frame;
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(reader.next(frame)) << i;
    EXPECT_GT(psnr(waves(96, 64, i), frame), 40) << i;
  }
  EXPECT_FALSE(reader.next(frame));
  EXPECT_FALSE(reader.next(frame));
}

TEST_F(VideoFile, TheFirstFrameIsWhatReadImageGives) {
  write({24, 1}, 2);
  RgbImage frame;
  VideoReader reader(path_);
  ASSERT_TRUE(reader.next(frame));
  EXPECT_EQ(frame, read_image(path_));
}

TEST_F(VideoFile, AnImageIsAVideoOfOneFrame) {
  const RgbImage image = waves(33, 17);
  VideoReader reader(make("a.png", image));
  EXPECT_EQ(reader.fps(), (Fraction{25, 1}));
  RgbImage frame;
  ASSERT_TRUE(reader.next(frame));
  EXPECT_EQ(frame, image);
  EXPECT_FALSE(reader.next(frame));
}

TEST_F(VideoFile, IsMovable) {
  write({24, 1}, 3);
  VideoReader first(path_);
  VideoReader reader(std::move(first));
  RgbImage frame;
  int frames = 0;
  while (reader.next(frame)) ++frames;
  EXPECT_EQ(frames, 3);
}

// A still picture is repeated for up to a minute, which would never end at an absurd rate.
TEST_F(VideoFile, AbsurdRatesAreRefused) {
  const auto path = make("fast.mp4", 64, 48, "rgb24", std::string(3 * 64 * 48 * 3, '\x40'), "-r 5000 -c:v libx264");
  EXPECT_THAT([&] { VideoReader reader(path); },
              ThrowsMessage<InputError>(AllOf(StartsWith(path.string()), HasSubstr("frames a second"))));
}

// Rewrites Matroska clusters of one frame each with 64-bit times in milliseconds.
std::string with_cluster_times(std::string video, const std::vector<std::uint64_t>& times) {
  std::size_t at = 0;
  for (const std::uint64_t time : times) {
    at = video.find("\x1F\x43\xB6\x75", at);
    std::string long_time = "\xE7\x88";
    for (int shift = 56; shift >= 0; shift -= 8) long_time.push_back(static_cast<char>(time >> shift));
    ++video[at + 5];                      // the cluster's size: a checksum and a time of one byte are one byte shorter
    video.replace(at + 6, 9, long_time);  // than a long time alone
    ++at;
  }
  return video;
}

// A difference that overflows is negative, and its frame would be dropped silently.
TEST_F(VideoFile, TimesThatDifferByMoreThan63BitsAreRefused) {
  RgbImage two = waves(64, 48);
  two.rgb.insert(two.rgb.end(), two.rgb.begin(), two.rgb.end());
  const auto path =
      make("a.mkv", 64, 48, "rgb24", {two.rgb.begin(), two.rgb.end()}, "-c:v ffv1 -g 1 -live 1 -cluster_time_limit 1");
  constexpr std::uint64_t kLate = std::uint64_t{1} << 62, kEarly = std::uint64_t{11} << 60;  // 2^62, -5 * 2^60
  const auto frames = [&](const std::vector<std::uint64_t>& times) {
    write_file(folder_ / "b.mkv", with_cluster_times(read_file(path), times));
    VideoReader reader(folder_ / "b.mkv");
    int count = 0;
    for (RgbImage frame; reader.next(frame);) ++count;
    return count;
  };
  EXPECT_EQ(frames({0, 80}), 3);
  EXPECT_THAT(
      [&] {
        frames({kLate, kEarly});
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr("b.mkv: "), HasSubstr("its frames' times differ by"))));
}

// The same red by both matrices, which the tag distinguishes or, without a tag, the height.
TEST_F(VideoFile, TagsAndHeightsChooseTheMatrix) {
  struct Case {
    int height;
    const char* tag;
    const char* matrix;
  };
  const Case cases[] = {{64, "bt709", "bt709"},
                        {64, "smpte170m", "bt601"},
                        {64, "unknown", "bt601"},
                        {720, "unknown", "bt709"},
                        {720, "smpte170m", "bt601"}};
  for (const Case& each : cases) {
    std::string raw;
    for (int i = 0; i < 64 * each.height; ++i) raw += {'\xC8', '\x28', '\x50'};
    const auto path = make("red.mp4", 64, each.height, "rgb24", raw,
                           std::string("-vf scale=out_color_matrix=") + each.matrix +
                               ":flags=accurate_rnd+full_chroma_int+full_chroma_inp,setparams=colorspace=" + each.tag +
                               " -c:v libx264 -crf 5 -pix_fmt yuv420p -colorspace " + each.tag);
    const RgbImage image = read_image(path);
    EXPECT_NEAR(image.rgb[0], 200, 3) << each.tag << each.height;
    EXPECT_NEAR(image.rgb[1], 40, 3) << each.tag << each.height;
    EXPECT_NEAR(image.rgb[2], 80, 3) << each.tag << each.height;
  }
}

class LastFrames : public MediaFiles {
 protected:
  std::filesystem::path video(int frames) const {
    const auto path = folder_ / "clip.mp4";
    VideoFormat format;
    format.width = 96;
    format.height = 64;
    VideoWriter writer(path, format);
    for (int i = 0; i < frames; ++i) writer.write(waves(96, 64, i).rgb);
    writer.finish();
    return path;
  }
};

TEST_F(LastFrames, AreTheReadersLastInOrder) {
  for (const int frames : {3, 4, 5, 8, 13}) {
    const auto path = video(frames);
    std::vector<RgbImage> all;
    VideoReader reader(path);
    for (RgbImage frame; reader.next(frame);) all.push_back(frame);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(frames));
    EXPECT_EQ(read_last_frames(path, 3), (std::vector<RgbImage>(all.end() - 3, all.end()))) << frames;
  }
}

TEST_F(LastFrames, AreAllOfAShorterVideo) {
  const auto path = video(4);
  EXPECT_EQ(read_last_frames(path, 5), read_last_frames(path, 4));
}

}  // namespace
}  // namespace orrery
