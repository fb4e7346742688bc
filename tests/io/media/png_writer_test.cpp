#include "io/media/png_writer.h"

#include <gmock/gmock.h>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/image_reader.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Png : public MediaFiles {
 protected:
  std::filesystem::path path_ = folder_ / "a.png";
};

TEST_F(Png, ComesBackExactly) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{37, 23}, std::pair{320, 192}}) {
    const RgbImage image = waves(width, height);
    write_png(path_, width, height, image.rgb);
    EXPECT_EQ(judge(path_, width, height), image);
    EXPECT_EQ(read_image(path_), image);
    EXPECT_FALSE(std::filesystem::exists(path_.string() + ".tmp"));
  }
  const Json stream = probe(path_)["streams"][0];
  EXPECT_EQ(stream["codec_name"], "png");
  EXPECT_EQ(stream["pix_fmt"], "rgb24");
}

TEST_F(Png, SamePixelsGiveTheSameBytes) {
  const RgbImage image = waves(64, 48);
  write_png(path_, 64, 48, image.rgb);
  write_png(folder_ / "b.png", 64, 48, image.rgb);
  EXPECT_EQ(read_file(path_), read_file(folder_ / "b.png"));
}

TEST_F(Png, RefusesWhatIsNoPicture) {
  const std::vector<std::uint8_t> rgb(12);
  for (const auto& [width, height] :
       {std::pair{0, 2}, std::pair{2, 0}, std::pair{-2, -2}, std::pair{3, 2}, std::pair{3, 1}}) {
    EXPECT_THAT([&] { write_png(path_, width, height, rgb); },
                ThrowsMessage<Error>(HasSubstr("a.png: 12 bytes are no")));
  }
  EXPECT_THAT([&] { write_png(folder_ / "no" / "a.png", 2, 2, rgb); }, ThrowsMessage<Error>(HasSubstr("no/a.png")));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace orrery
