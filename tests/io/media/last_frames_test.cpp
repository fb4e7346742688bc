#include "io/media/last_frames.h"

#include <gtest/gtest.h>

#include "io/media/video_reader.h"
#include "io/media/video_writer.h"
#include "media_files.h"

namespace orrery {
namespace {

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
