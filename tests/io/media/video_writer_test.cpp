#include "io/media/video_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <random>
#include <thread>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "media_files.h"
#include "support/next_second.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Pixels = std::vector<std::uint8_t>;  // frames × height × width × 3

class Video : public MediaFiles {
 protected:
  void encode(const VideoFormat& format, const std::vector<Pixels>& frames) const {
    VideoWriter writer(path_, format);
    for (const Pixels& frame : frames) writer.write(frame);
    writer.finish();
  }

  Json probe() const { return orrery::probe(path_); }

  Pixels decode() const {
    const std::string raw = output_of("ffmpeg -v error -i " + path_.string() +
                                      " -f rawvideo -pix_fmt rgb24 -sws_flags bicubic+accurate_rnd+full_chroma_int -");
    return {raw.begin(), raw.end()};
  }

  fs::path path_ = folder_ / "clip.mp4";
};

VideoFormat small_format() {
  VideoFormat format;
  format.width = 96;
  format.height = 64;
  return format;
}

Pixels smooth_frame(const VideoFormat& format, int time) { return waves(format.width, format.height, time).rgb; }

std::vector<Pixels> smooth_frames(const VideoFormat& format, int count) {
  std::vector<Pixels> frames;
  for (int i = 0; i < count; ++i) frames.push_back(smooth_frame(format, i));
  return frames;
}

TEST_F(Video, IsWhatItSays) {
  VideoFormat format = small_format();
  format.fps = fps_fraction(23.976);
  format.metadata = {
      {"prompt", "a \"cat\" – 猫;\nand a dog"}, {"seed", "42"}, {"model", "Cosmos3"}, {"version", "0.1.0"}};
  encode(format, smooth_frames(format, 25));
  const Json info = probe();
  const Json& stream = info["streams"][0];
  const std::pair<const char*, const char*> expected[] = {
      {"codec_name", "h264"},      {"pix_fmt", "yuv420p"},      {"r_frame_rate", "24000/1001"},
      {"nb_frames", "25"},         {"nb_read_frames", "25"},    {"avg_frame_rate", "24000/1001"},
      {"color_range", "tv"},       {"color_space", "bt709"},    {"color_primaries", "bt709"},
      {"color_transfer", "bt709"}, {"chroma_location", "left"}, {"sample_aspect_ratio", "1:1"}};
  for (const auto& [key, value] : expected) EXPECT_EQ(stream[key], value) << key;
  EXPECT_EQ(stream["width"], 96);
  EXPECT_EQ(stream["height"], 64);
  EXPECT_NEAR(std::stod(stream["duration"].get<std::string>()), 25 * 1001.0 / 24000, 1e-6);
  for (const auto& [key, value] : format.metadata) EXPECT_EQ(info["format"]["tags"].value(key, ""), value) << key;
  EXPECT_FALSE(info["format"]["tags"].contains("creation_time"));
  EXPECT_FALSE(fs::exists(path_.string() + ".tmp"));
}

TEST_F(Video, SaysWhatIsKnownAtItsEnd) {
  VideoFormat format = small_format();
  format.metadata = {{"prompt", "x"}};
  VideoWriter writer(path_, format);
  writer.write(smooth_frame(format, 0));
  writer.finish({}, {{"latents", "0123"}});
  const Json tags = probe()["format"]["tags"];
  EXPECT_EQ(tags.value("prompt", ""), "x");
  EXPECT_EQ(tags.value("latents", ""), "0123");
}

// Patches of 8 × 8 pixels that move by two pixels per frame.
std::vector<Pixels> moving_patches(const VideoFormat& format, int count) {
  std::mt19937 random(7);
  std::vector<Pixels> patches(256, Pixels(3));
  for (Pixels& colour : patches) {
    for (std::uint8_t& value : colour) value = static_cast<std::uint8_t>(random() % 256);
  }
  std::vector<Pixels> frames(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    for (int pixel = 0; pixel < format.width * format.height; ++pixel) {
      const int row = pixel / format.width / 8, column = (pixel % format.width + 2 * i) / 8;
      const Pixels& colour = patches[static_cast<std::size_t>(row * 31 + column) % patches.size()];
      Pixels& frame = frames[static_cast<std::size_t>(i)];
      frame.insert(frame.end(), colour.begin(), colour.end());
    }
  }
  return frames;
}

// The content of unused memory must not affect the output, even if the encoder reads it.
TEST_F(Video, TheSameFramesAreTheSameFile) {
  const VideoFormat format = small_format();
  const std::vector<Pixels> frames = moving_patches(format, 12);
  std::string first;
  for (const int filling : {1, 85, 170}) {
    ::mallopt(M_PERTURB, filling);
    encode(format, frames);
    ::mallopt(M_PERTURB, 0);
    if (first.empty()) first = read_file(path_);
    EXPECT_TRUE(read_file(path_) == first) << "memory filled with " << filling;
  }
}

TEST_F(Video, IndexComesFirst) {
  const VideoFormat format = small_format();
  encode(format, smooth_frames(format, 3));
  const std::string content = read_file(path_);
  EXPECT_LT(content.find("moov"), content.find("mdat"));
}

TEST_F(Video, ShowsTheFramesInOrder) {
  const VideoFormat format = small_format();
  const std::vector<Pixels> frames = smooth_frames(format, 20);
  encode(format, frames);
  const Pixels all = decode();
  const auto size = static_cast<std::ptrdiff_t>(frames[0].size());
  ASSERT_EQ(std::ssize(all), size * std::ssize(frames));
  for (std::ptrdiff_t i = 0; i < std::ssize(frames); ++i) {
    const RgbImage sent{format.width, format.height, frames[static_cast<std::size_t>(i)]};
    const RgbImage shown{format.width, format.height, {all.begin() + i * size, all.begin() + (i + 1) * size}};
    EXPECT_GT(psnr(sent, shown), 40) << "frame " << i;
  }
}

TEST_F(Video, ColoursComeBack) {
  const std::array<std::uint8_t, 3> colours[] = {{255, 0, 0}, {0, 255, 0},     {0, 0, 255},    {255, 255, 255},
                                                 {0, 0, 0},   {128, 128, 128}, {200, 100, 50}, {30, 60, 90}};
  const VideoFormat format = small_format();
  std::vector<Pixels> frames;
  for (const auto& colour : colours) {
    Pixels& frame = frames.emplace_back();
    for (int i = 0; i < format.width * format.height; ++i) frame.insert(frame.end(), colour.begin(), colour.end());
  }
  encode(format, frames);
  const Pixels all = decode();
  ASSERT_EQ(all.size(), frames.size() * frames[0].size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    for (std::size_t k = 0; k < frames[i].size(); k += 3 * 61) {
      for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(all[i * frames[i].size() + k + c], frames[i][k + c], 3) << "patch " << i << ", channel " << c;
      }
    }
  }
}

TEST_F(Video, OneFrameLastsOneFrame) {
  VideoFormat format = small_format();
  format.fps = {25, 2};
  encode(format, smooth_frames(format, 1));
  const Json stream = probe()["streams"][0];
  EXPECT_EQ(stream["nb_frames"], "1");
  EXPECT_NEAR(std::stod(stream["duration"].get<std::string>()), 0.08, 1e-6);
}

TEST_F(Video, SameFramesGiveTheSameBytes) {
  VideoFormat format = small_format();
  format.metadata = {{"prompt", "x"}};
  encode(format, smooth_frames(format, 30));
  const std::string first = read_file(path_);
  wait_for_next_second();
  encode(format, smooth_frames(format, 30));
  EXPECT_EQ(read_file(path_), first);
}

TEST_F(Video, AppearsOnlyWhenFinished) {
  const VideoFormat format = small_format();
  {
    VideoWriter writer(path_, format);
    for (const Pixels& frame : smooth_frames(format, 30)) writer.write(frame);
    EXPECT_FALSE(fs::exists(path_));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(Video, AnotherThreadMayFinish) {
  const VideoFormat format = small_format();
  VideoWriter writer(path_, format);
  for (const Pixels& frame : smooth_frames(format, 3)) writer.write(frame);
  std::thread([moved = std::move(writer)]() mutable { moved.finish(); }).join();
  EXPECT_EQ(probe()["streams"][0]["nb_frames"], "3");
}

TEST_F(Video, RefusesWrongUse) {
  const VideoFormat format = small_format();
  const Pixels frame = smooth_frame(format, 0);
  VideoWriter writer(path_, format);
  EXPECT_THAT(
      [&] {
        writer.write({frame.data(), 5});
      },
      ThrowsMessage<Error>(HasSubstr("clip.mp4: a frame has 5 bytes, expected 18432")));
  writer.write(frame);
  writer.finish();
  EXPECT_THAT([&] { writer.write(frame); }, ThrowsMessage<Error>(HasSubstr("no frame can follow the end")));
  EXPECT_THAT([&] { writer.finish(); }, ThrowsMessage<Error>(HasSubstr("has ended already")));
  VideoWriter empty(folder_ / "empty.mp4", format);
  EXPECT_THAT([&] { empty.finish(); }, ThrowsMessage<Error>(HasSubstr("a video needs a frame")));
}

TEST_F(Video, RefusesImpossibleFormats) {
  struct Case {
    void (*change)(VideoFormat&);
    const char* message;
  };
  const Case cases[] = {{[](VideoFormat& f) { f.width = 97; }, "a video of 97x64 pixels"},
                        {[](VideoFormat& f) { f.height = 0; }, "a video of 96x0 pixels"},
                        {[](VideoFormat& f) { f.crf = 52; }, "crf is 52, expected 1 to 51"},
                        {[](VideoFormat& f) { f.crf = 0; }, "crf is 0, expected 1 to 51"},
                        {[](VideoFormat& f) { f.threads = -1; }, "encoder threads: -1"},
                        {[](VideoFormat& f) {
                           f.fps = {0, 1};
                         },
                         "frames a second: 0/1"}};
  for (const Case& each : cases) {
    VideoFormat format = small_format();
    each.change(format);
    EXPECT_THAT([&] { VideoWriter(path_, format); }, ThrowsMessage<InputError>(HasSubstr(each.message)));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(Video, NamesTheFileThatCannotBeMade) {
  EXPECT_THAT([&] { VideoWriter(folder_ / "no" / "clip.mp4", small_format()); },
              ThrowsMessage<Error>(AllOf(HasSubstr("no/clip.mp4.tmp"), HasSubstr("No such file or directory"))));
}

// /dev/full acts as a full disk. Once the disk is full, write() throws too, so that decoding ends early.
TEST_F(Video, NoRoomSurfacesAndLeavesNothing) {
  VideoFormat format = small_format();
  fs::create_symlink("/dev/full", path_.string() + ".tmp");
  EXPECT_THAT(
      [&] {
        VideoWriter writer(path_, format);
        for (int i = 0; i < 500; ++i) writer.write(smooth_frame(format, i));
      },
      ThrowsMessage<Error>(HasSubstr("No space left on device")));
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace orrery
