#include "io/media/png_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/made_from.h"
#include "io/media/scaler.h"

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

}  // namespace

void write_png(const std::filesystem::path& path, int width, int height, std::span<const std::uint8_t> rgb,
               const std::string& latents) {
  ffmpeg::set_up();
  require(width > 0 && height > 0 &&
              rgb.size() / 3 / static_cast<std::size_t>(width) == static_cast<std::size_t>(height) &&
              rgb.size() % (3 * static_cast<std::size_t>(width)) == 0,
          fmt::format("{}: {} bytes are no RGB picture of {}x{}", path.string(), rgb.size(), width, height));
  const ffmpeg::Codec codec = make_encoder(width, height);
  const ffmpeg::Frame frame = make_frame(width, height, rgb);
  const ffmpeg::Packet packet(ffmpeg::check(av_packet_alloc(), "make a packet"));
  ffmpeg::check(avcodec_send_frame(codec.get(), frame.get()), "encode a PNG picture");
  ffmpeg::check(avcodec_send_frame(codec.get(), nullptr), "end a PNG picture");
  ffmpeg::check(avcodec_receive_packet(codec.get(), packet.get()), "encode a PNG picture");
  std::string file(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
  file.insert(kPngHeaderBytes, png_mark(latents));
  write_file(path, file);
}

}  // namespace orrery
