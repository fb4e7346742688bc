#include "io/media/picture_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/made_from.h"
#include "io/media/media_reader.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kLatents = "0123456789abcdef0123456789abcdef";
const PictureTexts kTexts{{"prompt", "Eine Kätze\nauf 屋根"}, {"seed", "42"}};

class PictureFile : public MediaFiles {
 protected:
  static std::string ffmpeg_says(const std::filesystem::path& path) {
    return output_of("ffmpeg -nostdin -v error -err_detect crccheck+explode -i " + path.string() + " -f null - 2>&1");
  }
  std::filesystem::path write(const std::string& name, PictureFormat format, const RgbImage& image) const {
    const std::filesystem::path path = folder_ / name;
    write_file(path, encode_picture(format, image.width, image.height, image.rgb, kTexts, kLatents));
    return path;
  }
};

TEST_F(PictureFile, APngHasThePixelsAndSaysWhatItIs) {
  const RgbImage image = waves(37, 23);
  const std::filesystem::path path = write("a.png", PictureFormat::Png, image);
  EXPECT_EQ(read_image(path), image);
  EXPECT_EQ(judge(path, 37, 23), image);
  EXPECT_EQ(made_from(path), kLatents);
  EXPECT_THAT(read_file(path), HasSubstr("iTXtprompt"));
  EXPECT_EQ(ffmpeg_says(path), "") << "chunks with wrong checksums";
}

// The largest difference between two values.
int difference(const RgbImage& a, const RgbImage& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) largest = std::max(largest, std::abs(a.rgb[i] - b.rgb[i]));
  return largest;
}

TEST_F(PictureFile, AJpegIsNearAndSaysWhatItIs) {
  const RgbImage image = waves(64, 48);
  const std::filesystem::path path = write("a.jpg", PictureFormat::Jpg, image);
  const RgbImage back = read_image(path);
  EXPECT_EQ(back.width, 64);
  EXPECT_LE(difference(back, image), 12);
  EXPECT_EQ(made_from(path), kLatents);
  EXPECT_THAT(read_file(path), AllOf(HasSubstr("JFIF"), HasSubstr("prompt: Eine Kätze\nauf 屋根\nseed: 42\n")));
  EXPECT_EQ(ffmpeg_says(path), "");
  EXPECT_EQ(probe(path)["streams"][0]["pix_fmt"], "yuvj444p");
}

// libjpeg's quantization table at quality 95, in zigzag order.
TEST_F(PictureFile, AJpegHasTheTablesOfQuality95) {
  const std::string file = read_file(write("a.jpg", PictureFormat::Jpg, waves(64, 48)));
  const std::string luma{2, 1,  1, 1, 1,  1,  2,  1,  1,  1, 2, 2,  2,  2,  2,  4,  3, 2,  2,  2, 2, 5,
                         4, 4,  3, 4, 6,  5,  6,  6,  6,  5, 6, 6,  6,  7,  9,  8,  6, 7,  9,  7, 6, 6,
                         8, 11, 8, 9, 10, 10, 10, 10, 10, 6, 8, 11, 12, 11, 10, 12, 9, 10, 10, 10};
  const std::string chroma{2, 2, 2, 2, 2, 2, 5, 3, 3, 5, 10, 7, 6, 7, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
  EXPECT_NE(file.find(std::string(1, '\0') + luma), std::string::npos);
  EXPECT_NE(file.find(std::string(1, '\1') + chroma), std::string::npos);
}

TEST_F(PictureFile, SamePixelsGiveTheSameBytes) {
  for (const PictureFormat format : {PictureFormat::Png, PictureFormat::Jpg}) {
    EXPECT_EQ(read_file(write("a", format, waves(64, 48))), read_file(write("b", format, waves(64, 48))));
  }
}

TEST_F(PictureFile, WithoutTextsOrLatentsThereAreNone) {
  const RgbImage image = waves(16, 16);
  for (const PictureFormat format : {PictureFormat::Png, PictureFormat::Jpg}) {
    EXPECT_THAT(encode_picture(format, 16, 16, image.rgb, {}, ""), Not(HasSubstr("latents")));
    EXPECT_THROW(encode_picture(format, 16, 15, image.rgb, {}, ""), Error);
  }
}

}  // namespace
}  // namespace orrery
