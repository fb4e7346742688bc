#pragma once

#include <libheif/heif.h>
#include <tiffio.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/media/rgb_image.h"

// Writers of still pictures that ffmpeg does not write, or not with these tags.
namespace orrery {

// Samples in rows from the top; 16-bit samples are little-endian.
struct Samples {
  int width = 0;
  int height = 0;
  int channels = 3;
  int bits = 8;  // or 16
  std::vector<std::uint8_t> bytes;
};

Samples samples_of(const RgbImage& image);
// Adds alpha, one value per pixel.
Samples with_alpha(const RgbImage& image, const std::vector<std::uint8_t>& alpha);

struct TiffTags {
  std::uint16_t photometric = PHOTOMETRIC_RGB;
  std::uint16_t orientation = 1;
  std::uint16_t planes = PLANARCONFIG_CONTIG;
  std::uint32_t subfile = 0;        // FILETYPE_…
  std::uint32_t tile = 0;           // pixels along each side, a multiple of 16; 0: one strip
  std::vector<float> resolution{};  // across and down
  std::uint16_t resolution_unit = RESUNIT_INCH;
  std::string icc{};
};

// Writes the samples uncompressed.
void write_tiff(const std::filesystem::path& path, const Samples& samples, const TiffTags& tags);

struct HeifTags {
  heif_compression_format codec = heif_compression_AV1;  // or HEVC
  int orientation = 1;                                   // an EXIF orientation, written as irot and imir
  std::string icc{};
};

// Lossless, 8 bits: the planes are green, blue and red, and alpha if there are four channels.
void write_heif(const std::filesystem::path& path, const Samples& samples, const HeifTags& tags);

// 8 bits in full range; the chroma has half the width and height of the luma, rounded up.
struct Planes {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> y, cb, cr;
};

// Lossless, BT.601. Width and height must be even.
void write_heif(const std::filesystem::path& path, const Planes& planes, heif_compression_format codec);

// A CMYK picture in the convention of Adobe's programs: 0 is full ink.
void write_cmyk_jpeg(const std::filesystem::path& path, const Samples& cmyk, const std::string& icc);

// A PNG with an additional chunk after its header.
std::string with_png_chunk(std::string png, const std::string& kind, const std::string& body);
std::string with_png_profile(const std::string& png, const std::string& icc);
// A JPEG with an additional segment after its start marker.
std::string with_jpeg_segment(std::string jpeg, int marker, const std::string& body);
std::string with_jpeg_profile(const std::string& jpeg, const std::string& icc);
// A WebP with an additional chunk at its end.
std::string with_webp_chunk(std::string webp, const std::string& kind, const std::string& body);

// An EXIF block without prefix, whose only entry is the orientation.
std::string exif_block(int orientation, bool big_endian = false);

// ICC profiles made by lcms2.
std::string display_p3_profile();
std::string adobe_rgb_profile();
std::string lab_profile();  // a Lab profile, not RGB

}  // namespace orrery
