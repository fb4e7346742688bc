#include "io/media/picture_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/core/error.h"
#include "io/media/frame_pixels.h"
#include "io/media/made_from.h"
#include "io/media/rgb_image.h"

namespace orrery {
namespace {

// The tables of ITU-T T.81, annex K, in rows of frequencies.
constexpr std::array<int, 64> kLuma{16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::array<int, 64> kChroma{17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
                                      24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
                                      99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                                      99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};
constexpr int kQuality = 95;
// With this quantiser scale FFmpeg uses the tables as they are.
constexpr int kTablesAsGiven = 8;

// The table at kQuality, as FFmpeg takes it and frees it.
std::uint16_t* table_at_quality(const std::array<int, 64>& table) {
  constexpr int kPercent = 200 - 2 * kQuality;
  auto* scaled = static_cast<std::uint16_t*>(av_malloc(sizeof(std::uint16_t) * table.size()));
  require(scaled != nullptr, "no memory for the tables of a JPEG picture");
  std::transform(table.begin(), table.end(), scaled,
                 [](int q) { return static_cast<std::uint16_t>(std::clamp((q * kPercent + 50) / 100, 1, 255)); });
  return scaled;
}

ffmpeg::Codec make_jpeg_encoder(int width, int height) {
  const AVCodec* jpeg = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  require(jpeg != nullptr, "this FFmpeg has no JPEG encoder: install one that has");
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(jpeg), "make a JPEG encoder"));
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = AV_PIX_FMT_YUVJ444P;
  codec->color_range = AVCOL_RANGE_JPEG;
  codec->time_base = {1, 1};
  codec->sample_aspect_ratio = {1, 1};  // without it there is no JFIF header
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_QSCALE;
  codec->global_quality = kTablesAsGiven * FF_QP2LAMBDA;
  codec->intra_dc_precision = 2;  // the mean's step: 2, which is the luma table's
  codec->intra_matrix = table_at_quality(kLuma);
  codec->chroma_intra_matrix = table_at_quality(kChroma);
  ffmpeg::check(avcodec_open2(codec.get(), jpeg, nullptr),
                fmt::format("start a JPEG encoder for {}x{}", width, height));
  return codec;
}

// JFIF's colours: Y, Cb and Cr of BT.601, full range.
ffmpeg::Frame jfif_frame(int width, int height, std::span<const std::uint8_t> rgb) {
  constexpr std::array<std::array<float, 4>, 3> kWeights{
      {{0.299F, 0.587F, 0.114F, 0}, {-0.168736F, -0.331264F, 0.5F, 128}, {0.5F, -0.418688F, -0.081312F, 128}}};
  ffmpeg::Frame frame = make_picture(width, height, AV_PIX_FMT_YUVJ444P);
  frame->quality = kTablesAsGiven * FF_QP2LAMBDA;
  const std::uint8_t* pixel = rgb.data();
  for (std::ptrdiff_t y = 0; y < height; ++y) {
    for (std::ptrdiff_t x = 0; x < width; ++x, pixel += 3) {
      for (std::size_t plane = 0; plane < kWeights.size(); ++plane) {
        const auto& [r, g, b, offset] = kWeights[plane];
        const float value = r * static_cast<float>(pixel[0]) + g * static_cast<float>(pixel[1]) +
                            b * static_cast<float>(pixel[2]) + offset;
        frame->data[plane][y * frame->linesize[plane] + x] =
            static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
      }
    }
  }
  return frame;
}

// A JPEG segment of this marker's second byte.
std::string segment(char marker, const std::string& content) {
  const std::size_t length = content.size() + 2;
  return std::string{'\xFF', marker, static_cast<char>(length >> 8), static_cast<char>(length & 0xFF)} + content;
}

std::string jpeg_comments(const PictureTexts& texts, const std::string& latents) {
  constexpr char kComment = '\xFE';
  constexpr std::size_t kLongest = 65'000;
  std::string all;
  for (const auto& [key, text] : texts) all.append(key).append(": ").append(text).append("\n");
  if (all.size() > kLongest) all.resize(kLongest);
  std::string comments;
  if (!latents.empty()) comments += segment(kComment, std::string(kMadeFromKey) + ": " + latents);
  return all.empty() ? comments : comments + segment(kComment, all);
}

std::string encode_jpeg(int width, int height, std::span<const std::uint8_t> rgb, const std::string& comments) {
  constexpr std::size_t kJfifHeaderBytes = 20;  // the file's first marker and the JFIF segment
  require_picture(width, height, rgb);
  const ffmpeg::Codec codec = make_jpeg_encoder(width, height);
  std::string file = encoded_picture(*codec, *jfif_frame(width, height, rgb), "JPEG");
  file.insert(kJfifHeaderBytes, comments);
  return file;
}

}  // namespace

std::string encode_picture(PictureFormat format, int width, int height, std::span<const std::uint8_t> rgb,
                           const PictureTexts& texts, const std::string& latents) {
  if (format == PictureFormat::Jpg) return encode_jpeg(width, height, rgb, jpeg_comments(texts, latents));
  std::string chunks = png_mark(latents);
  for (const auto& [key, text] : texts) chunks += png_text(key, text);
  return encode_png(width, height, rgb, chunks);
}

}  // namespace orrery
