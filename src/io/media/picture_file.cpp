#include "io/media/picture_file.h"

#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "base/core/error.h"
#include "io/media/frame_pixels.h"
#include "io/media/made_from.h"
#include "io/media/rgb_image.h"

namespace orrery {
namespace {

// libjpeg's error handler: libjpeg reports an error by a call that must not return.
struct JpegErrors {
  jpeg_error_mgr base;  // must be first: libjpeg gets a pointer to it
  std::jmp_buf back;
  std::array<char, JMSG_LENGTH_MAX> reason;
};

[[noreturn]] void leave(j_common_ptr codec) {
  auto* errors = reinterpret_cast<JpegErrors*>(codec->err);
  codec->err->format_message(codec, errors->reason.data());
  std::longjmp(errors->back, 1);
}

struct JpegCodec {
  JpegCodec() {
    state.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = leave;
  }
  JpegCodec(const JpegCodec&) = delete;
  JpegCodec& operator=(const JpegCodec&) = delete;
  ~JpegCodec() {
    jpeg_destroy_compress(&state);
    std::free(bytes);
  }
  jpeg_compress_struct state{};
  JpegErrors errors{};
  unsigned char* bytes = nullptr;  // the encoded file
  unsigned long size = 0;
};

void write_comment(jpeg_compress_struct& state, const std::string& text) {
  if (text.empty()) return;
  jpeg_write_marker(&state, JPEG_COM, reinterpret_cast<const JOCTET*>(text.data()), static_cast<unsigned>(text.size()));
}

// Returns false on an error. No local variable may have a destructor, since errors leave the function by longjmp.
bool compress(JpegCodec& codec, int width, int height, const std::uint8_t* rgb, const std::string& mark,
              const std::string& texts) {
  constexpr int kQuality = 95;
  jpeg_compress_struct& state = codec.state;
  if (setjmp(codec.errors.back) != 0) return false;
  jpeg_create_compress(&state);
  jpeg_mem_dest(&state, &codec.bytes, &codec.size);
  state.image_width = static_cast<JDIMENSION>(width);
  state.image_height = static_cast<JDIMENSION>(height);
  state.input_components = 3;
  state.in_color_space = JCS_RGB;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, kQuality, TRUE);
  state.comp_info[0].h_samp_factor = 1;  // no chroma subsampling
  state.comp_info[0].v_samp_factor = 1;
  state.optimize_coding = TRUE;
  jpeg_start_compress(&state, TRUE);
  write_comment(state, mark);
  write_comment(state, texts);
  while (state.next_scanline < state.image_height) {
    auto* row = const_cast<JSAMPROW>(rgb + std::size_t{3} * state.image_width * state.next_scanline);
    jpeg_write_scanlines(&state, &row, 1);
  }
  jpeg_finish_compress(&state);
  return true;
}

std::string encode_jpeg(int width, int height, std::span<const std::uint8_t> rgb, const PictureTexts& texts,
                        const std::string& latents) {
  constexpr std::size_t kLongest = 65'000;
  require_picture(width, height, rgb);
  std::string all;
  for (const auto& [key, text] : texts) all.append(key).append(": ").append(text).append("\n");
  if (all.size() > kLongest) all.resize(kLongest);
  const std::string mark = latents.empty() ? "" : std::string(kMadeFromKey) + ": " + latents;
  JpegCodec codec;
  if (!compress(codec, width, height, rgb.data(), mark, all)) fail("encode a JPEG picture", codec.errors.reason.data());
  return {reinterpret_cast<const char*>(codec.bytes), codec.size};
}

}  // namespace

std::string encode_picture(PictureFormat format, int width, int height, std::span<const std::uint8_t> rgb,
                           const PictureTexts& texts, const std::string& latents) {
  if (format == PictureFormat::Jpg) return encode_jpeg(width, height, rgb, texts, latents);
  std::string chunks = png_mark(latents);
  for (const auto& [key, text] : texts) chunks += png_text(key, text);
  return encode_png(width, height, rgb, chunks);
}

}  // namespace orrery
