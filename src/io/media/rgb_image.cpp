#include "io/media/rgb_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/frame_pixels.h"
#include "io/media/made_from.h"

namespace orrery {
namespace {

constexpr std::size_t kPngHeaderBytes = 33;  // signature and IHDR

ffmpeg::Codec make_encoder(int width, int height) {
  const AVCodec* png = avcodec_find_encoder(AV_CODEC_ID_PNG);
  require(png != nullptr, "this FFmpeg has no PNG encoder: install one that has");
  ffmpeg::Codec codec(ffmpeg::check(avcodec_alloc_context3(png), "make a PNG encoder"));
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = AV_PIX_FMT_RGB24;
  codec->time_base = {1, 1};
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  ffmpeg::check(av_opt_set(codec->priv_data, "pred", "mixed", 0), "choose the PNG filters");
  ffmpeg::check(avcodec_open2(codec.get(), png, nullptr), fmt::format("start a PNG encoder for {}x{}", width, height));
  return codec;
}

ffmpeg::Frame make_frame(int width, int height, std::span<const std::uint8_t> rgb) {
  ffmpeg::Frame frame = make_picture(width, height, AV_PIX_FMT_RGB24);
  const std::ptrdiff_t bytes = std::ptrdiff_t{3} * width;
  for (int y = 0; y < height; ++y) {
    std::copy_n(rgb.begin() + y * bytes, bytes, frame->data[0] + std::ptrdiff_t{y} * frame->linesize[0]);
  }
  return frame;
}

constexpr int kTiles = 12;
constexpr int kColumns = 4;
constexpr int kTileWidth = 320;  // at most, in pixels
constexpr int kGap = 4;          // pixels between tiles

int factor_of(int width) { return (width + kTileWidth - 1) / kTileWidth; }

int tiles_of(std::int64_t frames) { return static_cast<int>(std::min<std::int64_t>(kTiles, frames)); }

}  // namespace

std::string encode_png(int width, int height, std::span<const std::uint8_t> rgb, const std::string& chunks) {
  require_picture(width, height, rgb);
  const ffmpeg::Codec codec = make_encoder(width, height);
  const ffmpeg::Frame frame = make_frame(width, height, rgb);
  const ffmpeg::Packet packet(ffmpeg::check(av_packet_alloc(), "make a packet"));
  ffmpeg::check(avcodec_send_frame(codec.get(), frame.get()), "encode a PNG picture");
  ffmpeg::check(avcodec_send_frame(codec.get(), nullptr), "end a PNG picture");
  ffmpeg::check(avcodec_receive_packet(codec.get(), packet.get()), "encode a PNG picture");
  std::string file(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
  file.insert(kPngHeaderBytes, chunks);
  return file;
}

void write_png(const std::filesystem::path& path, int width, int height, std::span<const std::uint8_t> rgb,
               const std::string& latents) {
  std::string file;
  try {
    file = encode_png(width, height, rgb, png_mark(latents));
  } catch (const Error& e) {
    throw Error(path.string() + ": " + e.what());
  }
  write_file(path, file);
}

SheetSize contact_sheet_size(int width, int height, std::int64_t frames) {
  const int tiles = tiles_of(frames), factor = factor_of(width);
  const int columns = std::min(kColumns, tiles), rows = (tiles + columns - 1) / columns;
  return {columns * (width / factor + kGap) - kGap, rows * (height / factor + kGap) - kGap};
}

ContactSheet::ContactSheet(int width, int height, std::int64_t frames)
    : width_(width), height_(height), factor_(factor_of(width)), frames_(frames) {
  require(width > 0 && height >= factor_ && frames > 0, "a contact sheet needs frames of some pixels");
  const int tiles = tiles_of(frames);
  for (int i = 0; i < tiles; ++i) shown_.push_back(tiles == 1 ? 0 : i * (frames - 1) / (tiles - 1));
  const SheetSize size = contact_sheet_size(width_, height_, frames_);
  sheet_.width = size.width;
  sheet_.height = size.height;
  sheet_.rgb.assign(3 * static_cast<std::size_t>(sheet_.width) * static_cast<std::size_t>(sheet_.height), 0);
}

void ContactSheet::add(std::span<const std::uint8_t> rgb) {
  require(rgb.size() == 3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_) && next_ < frames_,
          fmt::format("a contact sheet of {} frames got another frame", frames_));
  const auto found = std::find(shown_.begin(), shown_.end(), next_++);
  if (found != shown_.end()) place(rgb, static_cast<int>(found - shown_.begin()));
}

void ContactSheet::place(std::span<const std::uint8_t> rgb, int tile) {
  const int tile_width = width_ / factor_, tile_height = height_ / factor_;
  const int left = tile % kColumns * (tile_width + kGap), top = tile / kColumns * (tile_height + kGap);
  for (int y = 0; y < tile_height; ++y) {
    for (int x = 0; x < tile_width; ++x) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int dy = 0; dy < factor_; ++dy) {
          for (int dx = 0; dx < factor_; ++dx) {
            sum += rgb[3 * (static_cast<std::size_t>(y * factor_ + dy) * static_cast<std::size_t>(width_) +
                            static_cast<std::size_t>(x * factor_ + dx)) +
                       static_cast<std::size_t>(c)];
          }
        }
        const auto place = 3 * (static_cast<std::size_t>(top + y) * static_cast<std::size_t>(sheet_.width) +
                                static_cast<std::size_t>(left + x)) +
                           static_cast<std::size_t>(c);
        sheet_.rgb[place] = static_cast<std::uint8_t>((sum + factor_ * factor_ / 2) / (factor_ * factor_));
      }
    }
  }
}

}  // namespace orrery
