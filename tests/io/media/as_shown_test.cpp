#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Pictures are read as a viewer shows them, or refused with the reason.
class AsShown : public MediaFiles {
 protected:
  std::filesystem::path video(const std::string& name, const std::string& options, int frames = 4) const {
    std::string raw;
    for (int time = 0; time < frames; ++time) {
      const RgbImage frame = waves(96, 64, time);
      raw.append(frame.rgb.begin(), frame.rgb.end());
    }
    return make(name, 96, 64, "rgb24", raw, options);
  }
  void expect_refused(const std::filesystem::path& path, const char* reason) const {
    EXPECT_THAT([&] { read_image(path); },
                ThrowsMessage<InputError>(testing::AllOf(HasSubstr(path.string() + ": "), HasSubstr(reason))));
    EXPECT_THAT([&] { VideoReader reader(path); }, ThrowsMessage<InputError>(HasSubstr(reason)));
  }
};

TEST_F(AsShown, ABadChecksumOfAPngsCommentIsNoDamage) {
  const RgbImage image = waves(50, 34);
  std::string png = read_file(make("a.png", image));
  png.insert(33, std::string("\0\0\0\4tEXtabcdWXYZ", 16));
  write_file(folder_ / "b.png", png);
  EXPECT_EQ(read_image(folder_ / "b.png"), image);
}

TEST_F(AsShown, WhatFollowsAJpegIsNotLookedAt) {
  const auto path = make("a.jpg", waves(50, 34), "-q:v 2");
  const std::string mp4 = read_file(video("a.mp4", "-pix_fmt yuv420p"));
  write_file(folder_ / "motion.jpg", read_file(path) + mp4);
  EXPECT_EQ(read_image(folder_ / "motion.jpg"), read_image(path));
}

TEST_F(AsShown, TargaIsKnownByItsNameOrItsEnd) {
  const RgbImage image = waves(50, 34);
  const auto path = make("a.tga", image);
  EXPECT_EQ(read_image(path), image);
  write_file(folder_ / "a.bin", read_file(path) + std::string(8, '\0') + std::string("TRUEVISION-XFILE.\0", 18));
  EXPECT_EQ(read_image(folder_ / "a.bin"), image);
}

TEST_F(AsShown, PixelsBecomeSquare) {
  EXPECT_EQ(read_image(video("wide.mp4", "-vf setsar=2 -pix_fmt yuv420p")).width, 192);
  EXPECT_EQ(read_image(video("high.mp4", "-vf setsar=1/2 -pix_fmt yuv420p")).height, 128);
  EXPECT_GT(psnr(read_image(make("wide.png", waves(64, 64), "-vf setsar=2")),
                 read_image(make("scaled.png", waves(64, 64), "-vf scale=128:64:flags=bicubic,setsar=1"))),
            35);
}

TEST_F(AsShown, VariableRatesAreMadeEven) {
  VideoReader reader(video("a.mkv", "-vf setpts='if(lt(N\\,2)\\,N\\,N*3-2)/25/TB' -vsync vfr -pix_fmt yuv420p", 6));
  EXPECT_EQ(reader.fps(), (Fraction{25, 1}));
  RgbImage frame;
  int frames = 0;
  while (reader.next(frame)) ++frames;
  EXPECT_GE(frames, 14);  // the sixth begins at tick 13
  EXPECT_LE(frames, 16);
}

TEST_F(AsShown, HeadersSayWhatIsShown) {
  const auto facts = [](const std::filesystem::path& path) { return video_facts(path).value_or(VideoFacts{}); };
  EXPECT_EQ(facts(video("a.mp4", "-pix_fmt yuv420p")), (VideoFacts{96, 64, 4, {25, 1}}));
  EXPECT_EQ(facts(video("wide.mkv", "-vf setsar=2 -pix_fmt yuv420p")), (VideoFacts{192, 64, 4, {25, 1}}));
  output_of("ffmpeg -nostdin -v error -y -i " + (folder_ / "a.mp4").string() + " -c copy -metadata:s:v rotate=90 " +
            (folder_ / "turned.mp4").string());
  EXPECT_EQ(facts(folder_ / "turned.mp4"), (VideoFacts{64, 96, 4, {25, 1}}));
  EXPECT_EQ(facts(video("slow.mkv", "-vf setpts=N*3/25/TB -vsync vfr -pix_fmt yuv420p")).frames, 10);
  EXPECT_EQ(video_facts(make("a.png", waves(50, 34))), std::nullopt);
  write_file(folder_ / "text.mp4", "moving pictures");
  EXPECT_THAT([&] { video_facts(folder_ / "text.mp4"); }, ThrowsMessage<InputError>(HasSubstr("text.mp4: ")));
}

// Made from waves() with white at 203 cd/m².
TEST_F(AsShown, HighDynamicRangeIsMappedToSrgb) {
  for (const char* transfer : {"smpte2084", "arib-std-b67"}) {
    const auto path = video("hdr.mp4", std::string("-vf zscale=transferin=iec61966-2-1:primariesin=bt709:matrixin=gbr:"
                                                   "transfer=") +
                                           transfer +
                                           ":primaries=bt2020:matrix=bt2020nc:range=limited:npl=203,format=yuv444p10le"
                                           " -c:v libx265 -x265-params log-level=none:crf=2 -color_primaries bt2020"
                                           " -colorspace bt2020nc -color_trc " +
                                           transfer);
    const double found = psnr(read_image(path), waves(96, 64));
    // For HLG, zscale applies the screen's gamma to each channel, BT.2100 to the luminance: only greys agree.
    const bool all_agree = transfer == std::string("smpte2084");
    EXPECT_GT(found, all_agree ? 33 : 20) << transfer;
  }
}

TEST_F(AsShown, InterlacedFramesAreRefused) {
  expect_refused(video("a.mp4", "-c:v libx264 -x264-params tff=1 -flags +ildct -pix_fmt yuv420p"), "interlaced");
}

TEST_F(AsShown, AnimatedWebPIsRefused) {
  expect_refused(video("a.webp", "-c:v libwebp_anim -lossless 1 -loop 0"), "animated WebP");
}

TEST_F(AsShown, ASoundFilesCoverIsNoPicture) {
  const auto cover = make("cover.png", waves(32, 32));
  const auto path = folder_ / "a.mp3";
  output_of("ffmpeg -nostdin -v error -f lavfi -i sine=d=0.2 -i " + cover.string() +
            " -map 0 -map 1 -c:v copy -disposition:v attached_pic " + path.string());
  expect_refused(path, "has no picture");
}

}  // namespace
}  // namespace orrery
