#include "io/media/made_from.h"

#include <gmock/gmock.h>

#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "io/media/rgb_image.h"
#include "io/media/sound_files.h"
#include "io/media/video_writer.h"
#include "media_files.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

const std::string kLatents = "0123456789abcdef0123456789abcdef";

class MadeFrom : public MediaFiles {
 protected:
  void write_video(const fs::path& path, const std::string& latents) const {
    VideoFormat format;
    format.width = 32;
    format.height = 32;
    if (!latents.empty()) format.metadata = {{kMadeFromKey, latents}, {"prompt", "x"}};
    VideoWriter writer(path, format);
    writer.write(waves(32, 32).rgb);
    writer.finish();
  }
  // The three kinds of files, in a folder whose name looks like a protocol.
  std::vector<fs::path> write_all(const std::string& latents) const {
    const fs::path place = folder_ / "14:30";
    fs::create_directories(place);
    write_video(place / "a.mp4", latents);
    write_png(place / "a.png", 37, 23, waves(37, 23).rgb, latents);
    write_wav(place / "a.wav", std::vector<float>{0.5F, -0.25F, 1.0F, 0.125F}, 2, 48000, latents);
    return {place / "a.mp4", place / "a.png", place / "a.wav"};
  }
};

TEST_F(MadeFrom, EveryKindOfFileSaysIt) {
  for (const fs::path& file : write_all(kLatents)) EXPECT_EQ(made_from(file), kLatents) << file;
}

TEST_F(MadeFrom, OtherFilesSayNothing) {
  for (const fs::path& file : write_all("")) {
    EXPECT_EQ(made_from(file), std::nullopt) << file;
    fs::resize_file(file, fs::file_size(file) / 2);
    EXPECT_EQ(made_from(file), std::nullopt) << file;
    fs::resize_file(file, 0);
    EXPECT_EQ(made_from(file), std::nullopt) << file;
    fs::remove(file);
    EXPECT_EQ(made_from(file), std::nullopt) << file;
    fs::create_directory(file);
    EXPECT_EQ(made_from(file), std::nullopt) << file;
  }
}

// ffmpeg verifies the checksums of chunks, and reports chunks that it cannot parse.
TEST_F(MadeFrom, MarkedFilesStayWhatTheyAre) {
  for (const fs::path& file : write_all(kLatents)) {
    EXPECT_EQ(
        output_of("ffmpeg -nostdin -v error -err_detect crccheck+explode -i " + file.string() + " -f null - 2>&1"), "")
        << file;
  }
  EXPECT_EQ(read_image(folder_ / "14:30/a.png"), waves(37, 23));
  const std::string samples =
      output_of("ffmpeg -nostdin -v error -i " + (folder_ / "14:30/a.wav").string() + " -f f32le -");
  EXPECT_EQ(samples.size(), 4 * sizeof(float));
  EXPECT_EQ(probe(folder_ / "14:30/a.wav")["format"]["tags"].value("comment", ""), "latents: " + kLatents);
}

}  // namespace
}  // namespace orrery
