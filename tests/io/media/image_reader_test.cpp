#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>

#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "media_files.h"
#include "still_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ImageReader : public MediaFiles {};

// 16 bits per sample, little-endian.
std::string deep(const std::vector<unsigned>& values) {
  std::string raw;
  for (const unsigned value : values) raw += {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8)};
  return raw;
}

int difference(const RgbImage& a, const RgbImage& b) {
  if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) most = std::max(most, std::abs(a.rgb[i] - b.rgb[i]));
  return most;
}

TEST_F(ImageReader, LosslessRgbIsExact) {
  const RgbImage image = waves(37, 23);
  const std::pair<const char*, const char*> cases[] = {{"a.png", ""},
                                                       {"interlaced.png", "-dpi 72 -pred mixed"},
                                                       {"a.bmp", ""},
                                                       {"lzw.tif", "-compression_algo lzw"},
                                                       {"raw.tif", "-compression_algo raw"},
                                                       {"a.webp", "-lossless 1"},
                                                       {"a.ppm", ""},
                                                       {"deflate.tif", "-compression_algo deflate"}};
  for (const auto& [name, options] : cases) {
    EXPECT_EQ(read_image(make(name, image, options)), image) << name;
  }
}

TEST_F(ImageReader, TheContentDecidesNotTheName) {
  const RgbImage image = waves(16, 16);
  const auto path = folder_ / "100%03d file:x.jpg";
  std::filesystem::rename(make("a.png", image), path);
  EXPECT_EQ(read_image(path), image);
}

TEST_F(ImageReader, SixteenBitsAreRounded) {
  std::vector<unsigned> values;
  for (unsigned i = 0; i < 3 * 64 * 32; ++i) values.push_back(i * 32749 % 65536);
  values[0] = 0;
  values[1] = 65535;
  values[2] = 128;
  const RgbImage image = read_image(make("deep.png", 64, 32, "rgb48le", deep(values)));
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(image.rgb[i], std::lround(values[i] / 257.0)) << values[i];
}

TEST_F(ImageReader, DeepGreyIsRounded) {
  std::vector<unsigned> values;
  for (unsigned i = 0; i < 64 * 32; ++i) values.push_back(i * 32749 % 65536);
  const RgbImage image = read_image(make("grey.png", 64, 32, "gray16le", deep(values)));
  for (std::size_t i = 0; i < image.rgb.size(); ++i) ASSERT_EQ(image.rgb[i], std::lround(values[i / 3] / 257.0));
}

// Each case: the bytes of one pixel in ffmpeg's format, and their colour over white.
TEST_F(ImageReader, AlphaIsOverWhiteAndGreyIsSpread) {
  struct Case {
    const char* pix_fmt;
    std::string pixel;
    std::vector<std::uint8_t> rgb;
  };
  const Case cases[] = {{"rgba", {'\xC8', '\x64', '\x32', '\xFF'}, {200, 100, 50}},
                        {"rgba", {'\xC8', '\x64', '\x32', '\0'}, {255, 255, 255}},
                        {"rgba", {'\xC8', '\x64', '\x32', '\x80'}, {227, 177, 152}},
                        {"rgba64le", {'\xFF', '\xFF', '\x64', '\x64', '\0', '\0', '\xFF', '\xFF'}, {255, 100, 0}},
                        {"rgba64le", {'\0', '\0', '\0', '\0', '\0', '\0', '\0', '\x40'}, {191, 191, 191}},
                        {"ya8", {'\x4D', '\xFF'}, {77, 77, 77}},
                        {"ya8", {'\x4D', '\0'}, {255, 255, 255}},
                        {"gray", {'\x4D'}, {77, 77, 77}},
                        {"ya16le", {'\x4D', '\x4D', '\xFF', '\xFF'}, {77, 77, 77}}};
  for (const Case& each : cases) {
    const RgbImage image = read_image(make("a.png", 1, 1, each.pix_fmt, each.pixel));
    EXPECT_EQ(image.rgb, each.rgb) << each.pix_fmt;
  }
}

TEST_F(ImageReader, OneBitIsBlackAndWhite) {
  for (const auto& [name, pix_fmt, first] : {std::tuple{"a.png", "monob", 0}, std::tuple{"w.tif", "monow", 255}}) {
    const RgbImage image = read_image(make(name, 8, 1, pix_fmt, "\x55"));
    for (std::size_t x = 0; x < 8; ++x) EXPECT_EQ(image.rgb[3 * x], x % 2 == 0 ? first : 255 - first) << name << x;
  }
}

TEST_F(ImageReader, PalettesAreLookedUp) {
  constexpr int kWidth = 16;
  std::string raw;
  for (int i = 0; i < kWidth * kWidth; ++i) raw.push_back(static_cast<char>(i));
  for (int i = 0; i < 256; ++i) {  // blue, green, red, alpha
    raw += {static_cast<char>(i * 3), static_cast<char>(255 - i), static_cast<char>(i ^ 0x55), '\xFF'};
  }
  for (const char* name : {"a.png", "a.bmp", "a.gif"}) {
    const RgbImage image = read_image(make(name, kWidth, kWidth, "pal8", raw));
    ASSERT_EQ(image.rgb.size(), std::size_t{3 * 256}) << name;
    for (std::size_t i = 0; i < 256; ++i) {
      const std::vector<std::uint8_t> colour(image.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i),
                                             image.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
      EXPECT_THAT(colour, testing::ElementsAre(i ^ 0x55, 255 - i, i * 3 % 256)) << name << " " << i;
    }
  }
}

TEST_F(ImageReader, LossyFormatsKeepTheColours) {
  const RgbImage image = waves(96, 64);
  const std::pair<const char*, const char*> cases[] = {{"444.jpg", "-q:v 1 -qmin 1 -pix_fmt yuvj444p"},
                                                       {"422.jpg", "-q:v 1 -qmin 1 -pix_fmt yuvj422p"},
                                                       {"420.jpg", "-q:v 1 -qmin 1 -pix_fmt yuvj420p"},
                                                       {"lossy.webp", "-quality 100"},
                                                       {"alpha.webp", "-quality 100 -pix_fmt yuva420p"}};
  for (const auto& [name, options] : cases) {
    const auto path =
        make(name, image, std::string("-sws_flags accurate_rnd+full_chroma_int+full_chroma_inp ") + options);
    const RgbImage found = read_image(path);
    EXPECT_GT(psnr(image, found), 40) << name;
    EXPECT_LE(difference(found, judge(path, 96, 64)), 2) << name;
  }
}

TEST_F(ImageReader, GreyJpegHasFullRange) {
  const RgbImage image =
      read_image(make("a.jpg", 16, 8, "gray", std::string(64, '\0') + std::string(64, '\xFF'), "-q:v 1"));
  EXPECT_LE(image.rgb.front(), 3);
  EXPECT_GE(image.rgb.back(), 252);
}

TEST_F(ImageReader, TakesTheFirstFrameOfAVideo) {
  std::string raw;
  for (int time = 0; time < 5; ++time) {
    const RgbImage frame = waves(96, 64, 10 * time);
    raw.append(frame.rgb.begin(), frame.rgb.end());
  }
  const std::pair<const char*, const char*> cases[] = {{"a.mp4", "-pix_fmt yuv420p -crf 4"},
                                                       {"a.mkv", "-pix_fmt yuv444p -crf 4"},
                                                       {"a.webm", "-pix_fmt yuv420p -crf 4 -b:v 9M"},
                                                       {"a.avi", "-pix_fmt yuv420p -c:v mjpeg -q:v 1"},
                                                       {"a.gif", "-pix_fmt rgb8"}};
  for (const auto& [name, options] : cases) {
    const RgbImage image = read_image(make(name, 96, 64, "rgb24", raw, options));
    EXPECT_GT(psnr(waves(96, 64, 0), image), name == std::string("a.gif") ? 18 : 38) << name;
  }
}

class MediaCheck : public MediaFiles {};

TEST_F(MediaCheck, FindsNothingWrongWithImagesAndVideos) {
  const RgbImage image = waves(64, 48);
  const auto expect_good = [](const std::filesystem::path& file) {
    EXPECT_EQ(image_problem(file), "");
    EXPECT_EQ(video_problem(file), "");
  };
  for (const char* name : {"a.png", "a.jpg", "a.webp", "a.tif", "a.tga", "a.bmp", "a.gif", "a.ppm"}) {
    expect_good(make(name, image));
  }
  write_heif(folder_ / "a.heic", samples_of(image), {.codec = heif_compression_HEVC});
  expect_good(folder_ / "a.heic");
  std::string frames;  // ten, since FFmpeg does not recognize an MPEG transport stream of a few packets
  for (int time = 0; time < 10; ++time) {
    const RgbImage frame = waves(64, 48, time);
    frames.append(frame.rgb.begin(), frame.rgb.end());
  }
  for (const char* name : {"a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi", "a.ts", "a.flv", "a.mpg"}) {
    expect_good(make(name, 64, 48, "rgb24", frames, "-pix_fmt yuv420p"));
  }
}

TEST_F(MediaCheck, SaysWhatTheBeginningTells) {
  write_file(folder_ / "text.png", "a picture of nothing");
  write_file(folder_ / "lfs.mp4", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234\n");
  write_file(folder_ / "empty.mp4", "");
  output_of("ffmpeg -nostdin -v error -f lavfi -i sine=d=0.1 " + (folder_ / "sound.m4a").string());
  make("animated.webp", 64, 48, "rgb24",
       std::string(std::size_t{3} * 64 * 48, 'x') + std::string(std::size_t{3} * 64 * 48, 'A'),
       "-c:v libwebp_anim -loop 0");
  const std::string mp4 = read_file(make("whole.mp4", waves(64, 48), "-pix_fmt yuv420p"));
  write_file(folder_ / "cut.mp4", mp4.substr(0, mp4.size() / 2));  // the index was at the end
  const std::pair<const char*, const char*> cases[] = {{"text.png", "not an image or a video"},
                                                       {"lfs.mp4", "not an image or a video"},
                                                       {"empty.mp4", "is empty"},
                                                       {"sound.m4a", "has no picture"},
                                                       {"animated.webp", "animated WebP"},
                                                       {"cut.mp4", "not an image or a vid"},
                                                       {"missing.png", "no such file"}};
  for (const auto& [name, reason] : cases) {
    for (const std::string& problem : {image_problem(folder_ / name), video_problem(folder_ / name)}) {
      EXPECT_THAT(problem, StartsWith((folder_ / name).string() + ": "));
      EXPECT_THAT(problem, HasSubstr(reason));
      EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
    }
  }
}

TEST_F(MediaCheck, SaysWhatTheFirstFrameTells) {
  const std::pair<const char*, const char*> cases[] = {
      {"-c:v libx264 -x264-params tff=1 -flags +ildct", "its frames are interlaced"},
      {"-vf setsar=100", "its pixels have the shape 100:1, expected at most 10:1"}};
  for (const auto& [options, reason] : cases) {
    const auto file = make("a.mp4", waves(96, 64), std::string(options) + " -pix_fmt yuv420p");
    EXPECT_THAT(image_problem(file), HasSubstr(reason));
    EXPECT_THAT(video_problem(file), HasSubstr(reason));
  }
}

}  // namespace
}  // namespace orrery
