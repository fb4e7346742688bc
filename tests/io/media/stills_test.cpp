// Formats of still pictures are read as a viewer shows them.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "media_files.h"
#include "still_files.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

int difference(const RgbImage& a, const RgbImage& b) {
  int most = a.width == b.width && a.height == b.height ? 0 : 256;
  for (std::size_t i = 0; i < std::min(a.rgb.size(), b.rgb.size()); ++i) {
    most = std::max(most, std::abs(a.rgb[i] - b.rgb[i]));
  }
  return most;
}

class Stills : public MediaFiles {
 protected:
  void expect_refused(const std::string& name, const std::string& reason) const {
    const std::filesystem::path path = folder_ / name;
    EXPECT_THAT([&] { read_image(path); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(path.string() + ": "), HasSubstr(reason))));
  }
};

TEST_F(Stills, LosslessHeifIsExact) {
  const RgbImage image = waves(64, 48);
  for (const heif_compression_format codec : {heif_compression_AV1, heif_compression_HEVC}) {
    write_heif(folder_ / "a.heif", samples_of(image), {.codec = codec});
    EXPECT_EQ(read_image(folder_ / "a.heif"), image) << codec;
  }
}

std::string big_endian(std::size_t value) {
  std::string text;
  for (const int shift : {24, 16, 8, 0}) text.push_back(static_cast<char>(value >> shift));
  return text;
}

std::size_t number_at(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// Position of an item's entry in a HEIF file's iloc box: 32-bit numbers from `entry` on. libheif writes alpha first.
struct AlphaPlace {
  explicit AlphaPlace(const std::string& heif) : entry(heif.find("iloc") + 12) {}
  std::size_t base() const { return entry + 4; }
  std::size_t offset() const { return entry + 10; }
  std::size_t length() const { return entry + 14; }
  std::size_t entry;
};

std::string with_alpha_of(std::string heif, const std::string& other) {
  const AlphaPlace from(other), to(heif);
  const std::size_t length = number_at(other, from.length());
  heif.replace(to.base(), 4, big_endian(heif.size()));
  heif.replace(to.offset(), 4, big_endian(0));
  heif.replace(to.length(), 4, big_endian(length));
  return heif + other.substr(number_at(other, from.base()) + number_at(other, from.offset()), length);
}

// libheif gives each plane a size of its own. A larger plane would be copied beyond the end of the picture; a smaller
// one would leave pixels uninitialized.
TEST_F(Stills, HeifPlanesOfAnotherSizeAreRefused) {
  const auto heif = [&](int width, int height) {
    const RgbImage image = waves(width, height);
    write_heif(folder_ / "whole.avif", with_alpha(image, {image.rgb.begin(), image.rgb.begin() + image.rgb.size() / 3}),
               {});
    return read_file(folder_ / "whole.avif");
  };
  const std::string small = heif(64, 48), large = heif(96, 80);
  write_file(folder_ / "same.avif", with_alpha_of(small, small));
  EXPECT_EQ(read_image(folder_ / "same.avif"), (heif(64, 48), read_image(folder_ / "whole.avif")));
  write_file(folder_ / "larger.avif", with_alpha_of(small, large));
  expect_refused("larger.avif", "damaged: a plane of 96x80 values, expected 64x48");
  write_file(folder_ / "smaller.avif", with_alpha_of(large, small));
  expect_refused("smaller.avif", "damaged: a plane of 64x48 values, expected 96x80");
}

TEST_F(Stills, TheTagsOfAvifAreFollowed) {
  const RgbImage image = waves(64, 48);
  struct Case {
    std::string matrix, tag, range, pixels;
  };
  for (const Case& each : {Case{"bt709", "bt709", "tv", "yuv420p"},
                           {"bt709", "bt709", "pc", "yuv420p"},
                           {"bt601", "bt470bg", "tv", "yuv420p"},
                           {"bt2020", "bt2020nc", "pc", "yuv420p10le"},
                           {"bt709", "bt709", "tv", "yuv444p10le"}}) {
    const std::string tags = "-colorspace " + each.tag + " -color_range " + each.range + " -pix_fmt " + each.pixels;
    const auto path = make("a.avif", image,
                           "-vf scale=out_color_matrix=" + each.matrix + ":out_range=" + each.range + " " + tags +
                               " -c:v libaom-av1 -still-picture 1 -crf 3 -cpu-used 8");
    const RgbImage found = read_image(path);
    EXPECT_GT(psnr(found, image), 38) << tags;
    EXPECT_GT(psnr(found, judge(path, 64, 48)), 45) << tags;
  }
}

// Tiles of 16 × 16 pixels have 768 bytes; tiles of 64 × 64 pixels extend beyond the picture.
TEST_F(Stills, TiffsOfTilesAreExact) {
  const RgbImage image = waves(50, 34);
  for (const std::uint32_t tile : {16, 64}) {
    for (const int planes : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
      write_tiff(folder_ / "a.tif", samples_of(image), {.planes = static_cast<std::uint16_t>(planes), .tile = tile});
      EXPECT_EQ(read_image(folder_ / "a.tif"), image) << tile << " " << planes;
    }
  }
}

TEST_F(Stills, DeepTiffsAreRounded) {
  Samples deep{32, 32, 3, 16, {}};
  std::vector<std::uint8_t> rounded;
  for (unsigned i = 0; i < 3 * 32 * 32; ++i) {
    const unsigned value = i * 32749 % 65536;
    deep.bytes.insert(deep.bytes.end(), {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8)});
    rounded.push_back(static_cast<std::uint8_t>(std::lround(value / 257.0)));
  }
  for (const std::uint32_t tile : {0, 16}) {
    write_tiff(folder_ / "a.tif", deep, {.tile = tile});
    EXPECT_EQ(read_image(folder_ / "a.tif").rgb, rounded) << tile;
  }
}

TEST_F(Stills, ATiffsResolutionIsThePixelsShapeOnlyWithoutAUnit) {
  const Samples samples = samples_of(waves(32, 32));
  write_tiff(folder_ / "a.tif", samples, {.resolution = {1, 2}, .resolution_unit = RESUNIT_NONE});
  EXPECT_EQ(read_image(folder_ / "a.tif").width, 64);
  write_tiff(folder_ / "a.tif", samples, {.resolution = {300, 600}, .resolution_unit = RESUNIT_INCH});
  EXPECT_EQ(read_image(folder_ / "a.tif").width, 32);
}

// Alpha from 0 to 255 over white.
TEST_F(Stills, TransparentPixelsAreOverWhite) {
  const RgbImage image = waves(64, 48);
  std::vector<std::uint8_t> alpha;
  RgbImage expected = image;
  for (std::size_t i = 0; i < image.rgb.size() / 3; ++i) {
    alpha.push_back(static_cast<std::uint8_t>(i % 256));
    for (std::size_t c = 0; c < 3; ++c) {
      const double shown = (image.rgb[3 * i + c] * alpha[i] + 255.0 * (255 - alpha[i])) / 255;
      expected.rgb[3 * i + c] = static_cast<std::uint8_t>(std::lround(shown));
    }
  }
  const Samples samples = with_alpha(image, alpha);
  const std::string rgba(samples.bytes.begin(), samples.bytes.end());
  make("a.webp", 64, 48, "rgba", rgba, "-pix_fmt bgra -lossless 1");
  make("a.png", 64, 48, "rgba", rgba);
  write_tiff(folder_ / "a.tif", samples, {});
  write_tiff(folder_ / "tiles.tif", samples, {.tile = 16});
  write_heif(folder_ / "a.avif", samples, {});
  write_heif(folder_ / "a.heic", samples, {.codec = heif_compression_HEVC});
  for (const char* name : {"a.webp", "a.png", "a.tif", "tiles.tif", "a.avif", "a.heic"}) {
    EXPECT_LE(difference(read_image(folder_ / name), expected), 1) << name;
  }
}

using Colour = std::array<double, 3>;

double srgb_light(double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); }
double adobe_light(double v) { return std::pow(v, 563.0 / 256); }
double srgb_value(double light) {
  const double clipped = std::clamp(light, 0.0, 1.0);
  return clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * std::pow(clipped, 1 / 2.4) - 0.055;
}

struct Space {
  const char* name;
  std::string icc;
  double (*light)(double);
  std::array<Colour, 3> to_bt709;  // of linear light; both have D65
};

std::vector<Space> spaces() {
  const std::array<Colour, 3> p3{{{1.22494, -0.22494, 0}, {-0.04206, 1.04206, 0}, {-0.01964, -0.07864, 1.09827}}};
  const std::array<Colour, 3> adobe{{{1.39836, -0.39836, 0}, {0, 1, 0}, {0, -0.04293, 1.04293}}};
  return {{"Display P3", display_p3_profile(), srgb_light, p3}, {"Adobe RGB", adobe_rgb_profile(), adobe_light, adobe}};
}

RgbImage in_srgb(const RgbImage& image, const Space& space) {
  RgbImage shown = image;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) {
      double light = 0;
      for (std::size_t k = 0; k < 3; ++k) light += space.to_bt709[c][k] * space.light(image.rgb[i + k] / 255.0);
      shown.rgb[i + c] = static_cast<std::uint8_t>(std::lround(255 * srgb_value(light)));
    }
  }
  return shown;
}

TEST_F(Stills, ColourProfilesAreApplied) {
  const RgbImage image = waves(64, 48);
  const std::string png = read_file(make("plain.png", image));
  const std::string jpeg = read_file(make("plain.jpg", image, "-q:v 1 -qmin 1 -pix_fmt yuvj444p"));
  const std::string webp = read_file(make("plain.webp", image, "-lossless 1"));
  for (const Space& space : spaces()) {
    write_file(folder_ / "a.png", with_png_profile(png, space.icc));
    write_file(folder_ / "a.webp", with_webp_chunk(webp, "ICCP", space.icc));
    write_file(folder_ / "a.jpg", with_jpeg_profile(jpeg, space.icc));
    write_tiff(folder_ / "a.tif", samples_of(image), {.icc = space.icc});
    write_heif(folder_ / "a.avif", samples_of(image), {.icc = space.icc});
    write_heif(folder_ / "a.heic", samples_of(image), {.codec = heif_compression_HEVC, .icc = space.icc});
    const RgbImage expected = in_srgb(image, space);
    ASSERT_GT(difference(image, expected), 20) << space.name;
    for (const char* name : {"a.png", "a.webp", "a.tif", "a.avif", "a.heic"}) {
      EXPECT_LE(difference(read_image(folder_ / name), expected), 2) << space.name << " " << name;
    }
    EXPECT_GT(psnr(read_image(folder_ / "a.jpg"), expected), 38) << space.name;
  }
}

TEST_F(Stills, ADamagedProfileIsPassedOver) {
  const RgbImage image = waves(64, 48);
  write_tiff(folder_ / "a.tif", samples_of(image), {.icc = "no profile"});
  EXPECT_EQ(read_image(folder_ / "a.tif"), image);
}

// Inks from 0 to full, without a profile: each ink absorbs its share of the light.
TEST_F(Stills, CmykWithoutAProfileIsShownAndWithOneRefused) {
  Samples ink{32, 32, 4, 8, {}}, adobe = ink;
  RgbImage expected{32, 32, {}};
  for (int i = 0; i < 32 * 32; ++i) {
    const std::array<int, 4> inks{i % 32 * 8, i / 32 * 8, 255 - i / 32 * 8, i % 16};
    for (const int value : inks) {
      ink.bytes.push_back(static_cast<std::uint8_t>(value));
      adobe.bytes.push_back(static_cast<std::uint8_t>(255 - value));
    }
    for (std::size_t c = 0; c < 3; ++c) {
      expected.rgb.push_back(static_cast<std::uint8_t>(std::lround((255 - inks[c]) * (255 - inks[3]) / 255.0)));
    }
  }
  write_tiff(folder_ / "a.tif", ink, {.photometric = PHOTOMETRIC_SEPARATED});
  EXPECT_LE(difference(read_image(folder_ / "a.tif"), expected), 1);
  write_cmyk_jpeg(folder_ / "a.jpg", adobe, "");
  EXPECT_LE(difference(read_image(folder_ / "a.jpg"), expected), 6);
  write_tiff(folder_ / "icc.tif", ink, {.photometric = PHOTOMETRIC_SEPARATED, .icc = lab_profile()});
  expect_refused("icc.tif", "colour profile is not one of RGB or grey");
  write_cmyk_jpeg(folder_ / "icc.jpg", adobe, lab_profile());
  expect_refused("icc.jpg", "colour profile is not one of RGB or grey");
}

TEST_F(Stills, AThumbnailIsNotTakenForThePicture) {
  write_tiff(folder_ / "a.dng", samples_of(waves(32, 32)), {.subfile = FILETYPE_REDUCEDIMAGE});
  expect_refused("a.dng", "its first picture is a thumbnail");
}

TEST_F(Stills, FloatTiffsAreRefusedByName) {
  Samples samples{4, 4, 3, 32, std::vector<std::uint8_t>(4 * 4 * 12)};
  write_tiff(folder_ / "a.tif", samples, {});
  expect_refused("a.tif", "32-bit samples");
}

}  // namespace
}  // namespace orrery
