#include "still_files.h"

#include <gtest/gtest.h>
#include <lcms2.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

extern "C" {
#include <jpeglib.h>
}

#include "base/core/file.h"

namespace orrery {
namespace {

template <class T, auto Free>
struct FreeBy {
  void operator()(T* object) const noexcept { Free(object); }
};
template <class T, auto Free>
using Owner = std::unique_ptr<T, FreeBy<T, Free>>;

using HeifContext = Owner<heif_context, heif_context_free>;
using HeifEncoder = Owner<heif_encoder, heif_encoder_release>;
using HeifImage = Owner<heif_image, heif_image_release>;
using HeifOptions = Owner<heif_encoding_options, heif_encoding_options_free>;
using Nclx = Owner<heif_color_profile_nclx, heif_nclx_color_profile_free>;

void check(const heif_error& error) { ASSERT_EQ(error.code, heif_error_Ok) << error.message; }

HeifImage make_image(int width, int height, heif_colorspace space, heif_chroma chroma) {
  heif_image* image = nullptr;
  check(heif_image_create(width, height, space, chroma, &image));
  return HeifImage(image);
}

void fill(heif_image* image, heif_channel channel, int width, int height, int sample_bytes, const std::uint8_t* rows) {
  check(heif_image_add_plane(image, channel, width, height, 8));
  int stride = 0;
  std::uint8_t* plane = heif_image_get_plane(image, channel, &stride);
  const std::ptrdiff_t bytes = std::ptrdiff_t{width} * sample_bytes;
  for (std::ptrdiff_t y = 0; y < height; ++y) std::copy_n(rows + y * bytes, bytes, plane + y * stride);
}

Nclx srgb_in(heif_matrix_coefficients matrix) {
  Nclx nclx(heif_nclx_color_profile_alloc());
  nclx->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
  nclx->transfer_characteristics = heif_transfer_characteristic_IEC_61966_2_1;
  nclx->matrix_coefficients = matrix;
  nclx->full_range_flag = 1;
  return nclx;
}

void encode(const std::filesystem::path& path, const heif_image* image, heif_color_profile_nclx* nclx,
            const char* chroma, const HeifTags& tags) {
  const HeifContext context(heif_context_alloc());
  heif_encoder* found = nullptr;
  check(heif_context_get_encoder_for_format(context.get(), tags.codec, &found));
  const HeifEncoder encoder(found);
  check(heif_encoder_set_lossless(encoder.get(), 1));
  check(heif_encoder_set_parameter_string(encoder.get(), "chroma", chroma));
  const HeifOptions options(heif_encoding_options_alloc());
  options->output_nclx_profile = nclx;
  options->image_orientation = static_cast<heif_orientation>(tags.orientation);
  options->macOS_compatibility_workaround_no_nclx_profile = 0;
  options->save_two_colr_boxes_when_ICC_and_nclx_available = 1;
  check(heif_context_encode_image(context.get(), image, encoder.get(), options.get(), nullptr));
  check(heif_context_write_to_file(context.get(), path.c_str()));
}

Owner<void, cmsCloseProfile> rgb_profile(const cmsCIExyYTRIPLE& primaries, cmsToneCurve* curve) {
  const cmsCIExyY d65{0.3127, 0.3290, 1};
  const std::array<cmsToneCurve*, 3> curves{curve, curve, curve};
  return Owner<void, cmsCloseProfile>(cmsCreateRGBProfile(&d65, &primaries, curves.data()));
}

std::string bytes_of(void* profile) {
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::string icc(size, '\0');
  cmsSaveProfileToMem(profile, icc.data(), &size);
  return icc;
}

std::string number(std::size_t value, std::size_t bytes, bool big_endian) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  if (big_endian) std::reverse(text.begin(), text.end());
  return text;
}

// The samples of one tile of one plane (or of all channels), padded with 0.
std::string tile_of(const Samples& samples, int left, int top, int side, int channel, int channels) {
  const std::ptrdiff_t sample = samples.bits / 8, pixel = samples.channels * sample;
  std::string tile;
  for (int y = top; y < top + side; ++y) {
    for (int x = left; x < left + side; ++x) {
      if (x >= samples.width || y >= samples.height) {
        tile.append(static_cast<std::size_t>(channels * sample), '\0');
        continue;
      }
      const auto from = samples.bytes.begin() + (std::ptrdiff_t{y} * samples.width + x) * pixel + channel * sample;
      tile.append(from, from + channels * sample);
    }
  }
  return tile;
}

void write_tiles(TIFF* tiff, const Samples& samples, const TiffTags& tags) {
  const bool together = tags.planes == PLANARCONFIG_CONTIG;
  const int side = static_cast<int>(tags.tile);
  std::uint32_t index = 0;
  for (int channel = 0; channel < (together ? 1 : samples.channels); ++channel) {
    for (int y = 0; y < samples.height; y += side) {
      for (int x = 0; x < samples.width; x += side, ++index) {
        std::string tile = tile_of(samples, x, y, side, channel, together ? samples.channels : 1);
        ASSERT_GT(TIFFWriteEncodedTile(tiff, index, tile.data(), static_cast<tmsize_t>(tile.size())), 0);
      }
    }
  }
}

void set_tags(TIFF* tiff, const Samples& samples, const TiffTags& tags) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, samples.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, samples.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, samples.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples.channels);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, tags.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, tags.planes);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, tags.orientation);
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, tags.subfile);
  if (!tags.resolution.empty()) {
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, static_cast<double>(tags.resolution[0]));
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, static_cast<double>(tags.resolution[1]));
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, tags.resolution_unit);
  }
  if (tags.photometric == PHOTOMETRIC_RGB && samples.channels == 4) {
    const std::uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  }
  if (!tags.icc.empty()) {
    TIFFSetField(tiff, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(tags.icc.size()), tags.icc.data());
  }
}

}  // namespace

Samples samples_of(const RgbImage& image) { return {image.width, image.height, 3, 8, image.rgb}; }

Samples with_alpha(const RgbImage& image, const std::vector<std::uint8_t>& alpha) {
  Samples samples{image.width, image.height, 4, 8, {}};
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) samples.bytes.push_back(image.rgb[3 * i + c]);
    samples.bytes.push_back(alpha[i]);
  }
  return samples;
}

void write_tiff(const std::filesystem::path& path, const Samples& samples, const TiffTags& tags) {
  const Owner<TIFF, TIFFClose> tiff(TIFFOpen(path.c_str(), "wl"));
  ASSERT_NE(tiff, nullptr);
  set_tags(tiff.get(), samples, tags);
  if (tags.tile > 0) {
    TIFFSetField(tiff.get(), TIFFTAG_TILEWIDTH, tags.tile);
    TIFFSetField(tiff.get(), TIFFTAG_TILELENGTH, tags.tile);
    write_tiles(tiff.get(), samples, tags);
    return;
  }
  std::vector<std::uint8_t> bytes = samples.bytes;
  ASSERT_GT(TIFFWriteEncodedStrip(tiff.get(), 0, bytes.data(), static_cast<tmsize_t>(bytes.size())), 0);
}

void write_heif(const std::filesystem::path& path, const Samples& samples, const HeifTags& tags) {
  const bool alpha = samples.channels == 4;
  const HeifImage image = make_image(samples.width, samples.height, heif_colorspace_RGB,
                                     alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  fill(image.get(), heif_channel_interleaved, samples.width, samples.height, samples.channels, samples.bytes.data());
  if (!tags.icc.empty()) check(heif_image_set_raw_color_profile(image.get(), "prof", tags.icc.data(), tags.icc.size()));
  const Nclx nclx = srgb_in(heif_matrix_coefficients_RGB_GBR);
  check(heif_image_set_nclx_color_profile(image.get(), nclx.get()));
  encode(path, image.get(), nclx.get(), "444", tags);
}

void write_heif(const std::filesystem::path& path, const Planes& planes, heif_compression_format codec) {
  const HeifImage image = make_image(planes.width, planes.height, heif_colorspace_YCbCr, heif_chroma_420);
  fill(image.get(), heif_channel_Y, planes.width, planes.height, 1, planes.y.data());
  fill(image.get(), heif_channel_Cb, planes.width / 2, planes.height / 2, 1, planes.cb.data());
  fill(image.get(), heif_channel_Cr, planes.width / 2, planes.height / 2, 1, planes.cr.data());
  const Nclx nclx = srgb_in(heif_matrix_coefficients_ITU_R_BT_601_6);
  check(heif_image_set_nclx_color_profile(image.get(), nclx.get()));
  encode(path, image.get(), nclx.get(), "420", {.codec = codec});
}

void write_cmyk_jpeg(const std::filesystem::path& path, const Samples& cmyk, const std::string& icc) {
  const Owner<std::FILE, std::fclose> file(std::fopen(path.c_str(), "wb"));
  ASSERT_NE(file, nullptr);
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_stdio_dest(&jpeg, file.get());
  jpeg.image_width = static_cast<JDIMENSION>(cmyk.width);
  jpeg.image_height = static_cast<JDIMENSION>(cmyk.height);
  jpeg.input_components = 4;
  jpeg.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&jpeg);  // writes Adobe's marker
  jpeg_set_quality(&jpeg, 100, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  if (!icc.empty()) {
    jpeg_write_icc_profile(&jpeg, reinterpret_cast<const JOCTET*>(icc.data()), static_cast<unsigned>(icc.size()));
  }
  std::vector<std::uint8_t> row(static_cast<std::size_t>(4 * cmyk.width));
  for (std::ptrdiff_t y = 0; y < cmyk.height; ++y) {
    std::copy_n(cmyk.bytes.begin() + y * 4 * cmyk.width, row.size(), row.begin());
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&jpeg, rows, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
}

std::string with_png_chunk(std::string png, const std::string& kind, const std::string& body) {
  constexpr std::size_t kHeaderEnd = 33;
  const std::string typed = kind + body;
  const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size()));
  return png.insert(kHeaderEnd, number(body.size(), 4, true) + typed + number(checksum, 4, true));
}

std::string with_png_profile(const std::string& png, const std::string& icc) {
  uLongf size = compressBound(icc.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(icc.data()), icc.size());
  packed.resize(size);
  return with_png_chunk(png, "iCCP", std::string("a\0\0", 3) + packed);
}

std::string with_jpeg_segment(std::string jpeg, int marker, const std::string& body) {
  return jpeg.insert(2, std::string{'\xFF', static_cast<char>(marker)} + number(body.size() + 2, 2, true) + body);
}

std::string with_jpeg_profile(const std::string& jpeg, const std::string& icc) {
  return with_jpeg_segment(jpeg, 0xE2, std::string("ICC_PROFILE\0\1\1", 14) + icc);
}

std::string with_webp_chunk(std::string webp, const std::string& kind, const std::string& body) {
  webp += kind + number(body.size(), 4, false) + body + std::string(body.size() % 2, '\0');
  return webp.replace(4, 4, number(webp.size() - 8, 4, false));
}

std::string exif_block(int orientation, bool big_endian) {
  const auto n = [&](std::size_t value, std::size_t bytes) { return number(value, bytes, big_endian); };
  const std::string entry =
      n(0x112, 2) + n(3, 2) + n(1, 4) + n(static_cast<std::size_t>(orientation), 2) + std::string(2, '\0');
  return (big_endian ? "MM" : "II") + n(42, 2) + n(8, 4) + n(1, 2) + entry + n(0, 4);
}

std::string display_p3_profile() {
  const cmsCIExyYTRIPLE primaries{{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
  const std::array<double, 5> srgb{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  const Owner<cmsToneCurve, cmsFreeToneCurve> curve(cmsBuildParametricToneCurve(nullptr, 4, srgb.data()));
  return bytes_of(rgb_profile(primaries, curve.get()).get());
}

std::string adobe_rgb_profile() {
  const cmsCIExyYTRIPLE primaries{{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
  const Owner<cmsToneCurve, cmsFreeToneCurve> curve(cmsBuildGamma(nullptr, 563.0 / 256));
  return bytes_of(rgb_profile(primaries, curve.get()).get());
}

std::string lab_profile() { return bytes_of(Owner<void, cmsCloseProfile>(cmsCreateLab2Profile(nullptr)).get()); }

}  // namespace orrery
