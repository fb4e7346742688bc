#include "io/media/media_check.h"

#include <gmock/gmock.h>

#include "base/core/file.h"
#include "media_files.h"
#include "still_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MediaCheck : public MediaFiles {};

TEST_F(MediaCheck, FindsNothingWrongWithImagesAndVideos) {
  const RgbImage image = waves(64, 48);
  for (const char* name : {"a.png", "a.jpg", "a.webp", "a.tif", "a.tga", "a.bmp", "a.gif", "a.ppm"}) {
    EXPECT_EQ(media_problem(make(name, image)), "") << name;
  }
  write_heif(folder_ / "a.heic", samples_of(image), {.codec = heif_compression_HEVC});
  EXPECT_EQ(media_problem(folder_ / "a.heic"), "");
  for (const char* name : {"a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi", "a.ts", "a.flv", "a.mpg"}) {
    EXPECT_EQ(media_problem(make(name, image, "-pix_fmt yuv420p")), "") << name;
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
  write_file(folder_ / "cut.mp4", mp4.substr(0, mp4.size() / 2));  // its index stood at the end
  const std::pair<const char*, const char*> cases[] = {{"text.png", "not an image or a video"},
                                                       {"lfs.mp4", "not an image or a video"},
                                                       {"empty.mp4", "is empty"},
                                                       {"sound.m4a", "has no picture"},
                                                       {"animated.webp", "animated WebP"},
                                                       {"cut.mp4", "not an image or a vid"},
                                                       {"missing.png", "no such file"}};
  for (const auto& [name, reason] : cases) {
    const std::string problem = media_problem(folder_ / name);
    EXPECT_THAT(problem, StartsWith((folder_ / name).string() + ": "));
    EXPECT_THAT(problem, HasSubstr(reason));
    EXPECT_EQ(problem.find('\n'), std::string::npos) << problem;
  }
}

}  // namespace
}  // namespace orrery
