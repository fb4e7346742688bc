#include <fmt/format.h>
#include <libheif/heif.h>

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "io/media/colours.h"
#include "io/media/frame_pixels.h"
#include "io/media/heif_chroma.h"
#include "io/media/media_input.h"
#include "io/media/still.h"

namespace orrery {
namespace {

template <class T, void (*Free)(T*)>
struct FreeBy {
  void operator()(T* object) const noexcept { Free(object); }
};
struct FreeHandle {
  void operator()(heif_image_handle* handle) const noexcept { heif_image_handle_release(handle); }
};
struct FreeImage {
  void operator()(heif_image* image) const noexcept { heif_image_release(image); }
};
using Context = std::unique_ptr<heif_context, FreeBy<heif_context, heif_context_free>>;
using Handle = std::unique_ptr<heif_image_handle, FreeHandle>;
using Image = std::unique_ptr<heif_image, FreeImage>;
using Options = std::unique_ptr<heif_decoding_options, FreeBy<heif_decoding_options, heif_decoding_options_free>>;
using Nclx = std::unique_ptr<heif_color_profile_nclx, FreeBy<heif_color_profile_nclx, heif_nclx_color_profile_free>>;

void check(const heif_error& error) {
  if (error.code == heif_error_Ok) return;
  std::string reason = error.message;
  while (reason.ends_with('\n')) reason.pop_back();
  throw InputError("damaged or cut short: " + reason);
}

Handle primary_of(heif_context* context) {
  heif_image_handle* handle = nullptr;
  check(heif_context_get_primary_image_handle(context, &handle));
  return Handle(handle);
}

Image decode(const heif_image_handle* handle, heif_colorspace space, heif_chroma chroma) {
  const Options options(heif_decoding_options_alloc());
  options->strict_decoding = 1;
  heif_image* image = nullptr;
  check(heif_decode_image(handle, &image, space, chroma, options.get()));
  return Image(image);
}

// Decodes to planes of the file's bit depth: subsampled chroma unchanged, so that it can be interpolated later,
// anything else to RGB. Grey with alpha becomes 4:2:0, since FFmpeg has no planar format for it.
Image decode(const heif_image_handle* handle, heif_chroma chroma) {
  if (chroma == heif_chroma_420 || chroma == heif_chroma_422) return decode(handle, heif_colorspace_YCbCr, chroma);
  if (chroma != heif_chroma_monochrome) return decode(handle, heif_colorspace_RGB, heif_chroma_444);
  if (heif_image_handle_has_alpha_channel(handle) != 0) return decode(handle, heif_colorspace_YCbCr, heif_chroma_420);
  return decode(handle, heif_colorspace_monochrome, heif_chroma_monochrome);
}

// libheif's channels for FFmpeg's planes 0, 1, ….
std::vector<heif_channel> channels_of(const heif_image* image) {
  std::vector<heif_channel> channels;
  switch (heif_image_get_colorspace(image)) {
    case heif_colorspace_RGB:
      channels = {heif_channel_G, heif_channel_B, heif_channel_R};
      break;
    case heif_colorspace_monochrome:
      return {heif_channel_Y};
    default:
      channels = {heif_channel_Y, heif_channel_Cb, heif_channel_Cr};
  }
  if (heif_image_has_channel(image, heif_channel_Alpha) != 0) channels.push_back(heif_channel_Alpha);
  return channels;
}

std::string layout_name(const heif_image* image, bool alpha) {
  const std::string a = alpha ? "a" : "";
  switch (heif_image_get_chroma_format(image)) {
    case heif_chroma_monochrome:
      return "gray";
    case heif_chroma_420:
      return "yuv" + a + "420p";
    case heif_chroma_422:
      return "yuv" + a + "422p";
    default:
      return heif_image_get_colorspace(image) == heif_colorspace_RGB ? "gbr" + a + "p" : "yuv" + a + "444p";
  }
}

AVPixelFormat format_of(const heif_image* image, bool alpha, int bits) {
  const std::string name = layout_name(image, alpha) + (bits > 8 ? fmt::format("{}le", bits) : "");
  const AVPixelFormat format = av_get_pix_fmt(name.c_str());
  require_input(format != AV_PIX_FMT_NONE, "its pixels are " + name + ", which are not read: save it as PNG");
  return format;
}

// Converts values of `from_bits` bits to `to_bits` bits. Values of more than 8 bits take two bytes.
void copy_row(const std::uint8_t* from, int from_bits, std::uint8_t* to, int to_bits, int values) {
  const std::uint32_t from_most = (1U << from_bits) - 1, to_most = (1U << to_bits) - 1;
  for (int i = 0; i < values; ++i) {
    std::uint16_t value = from[i];
    if (from_bits > 8) std::memcpy(&value, from + std::ptrdiff_t{2} * i, 2);
    value = static_cast<std::uint16_t>((value * to_most + from_most / 2) / from_most);
    if (to_bits > 8) {
      std::memcpy(to + std::ptrdiff_t{2} * i, &value, 2);
    } else {
      to[i] = static_cast<std::uint8_t>(value);
    }
  }
}

struct PlaneSize {
  int width;
  int height;
};

// The size of the frame's plane `plane` [values]; chroma (planes 1 and 2) may be subsampled.
PlaneSize plane_size(const AVFrame& frame, int plane) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const bool chroma = plane == 1 || plane == 2;
  return {chroma ? AV_CEIL_RSHIFT(frame.width, format.log2_chroma_w) : frame.width,
          chroma ? AV_CEIL_RSHIFT(frame.height, format.log2_chroma_h) : frame.height};
}

ffmpeg::Frame frame_of(const heif_image* image) {
  const std::vector<heif_channel> channels = channels_of(image);
  const int bits = heif_image_get_bits_per_pixel_range(image, channels[0]);
  require_input(bits >= 8 && bits <= 16, fmt::format("its values have {} bits, expected 8 to 16", bits));
  const int width = heif_image_get_width(image, channels[0]), height = heif_image_get_height(image, channels[0]);
  require_pixels(width, height);
  ffmpeg::Frame frame = make_picture(width, height, format_of(image, channels.size() == 4, bits));
  for (std::size_t i = 0; i < channels.size(); ++i) {
    int stride = 0;
    const std::uint8_t* plane = heif_image_get_plane_readonly(image, channels[i], &stride);
    require_input(plane != nullptr, "damaged: a plane is missing");
    const PlaneSize room = plane_size(*frame, static_cast<int>(i));
    const int plane_bits = heif_image_get_bits_per_pixel_range(image, channels[i]);
    const int values = heif_image_get_width(image, channels[i]), rows = heif_image_get_height(image, channels[i]);
    require_input(
        values == room.width && rows == room.height && plane_bits > 0,
        fmt::format("damaged: a plane of {}x{} values, expected {}x{}", values, rows, room.width, room.height));
    for (int y = 0; y < rows; ++y) {
      copy_row(plane + std::ptrdiff_t{y} * stride, plane_bits, frame->data[i] + std::ptrdiff_t{y} * frame->linesize[i],
               bits, values);
    }
  }
  return frame;
}

Nclx nclx_of(const heif_image_handle* handle) {
  heif_color_profile_nclx* found = nullptr;
  return Nclx(heif_image_handle_get_nclx_color_profile(handle, &found).code == heif_error_Ok ? found : nullptr);
}

Nclx nclx_of(const heif_image* image) {
  heif_color_profile_nclx* found = nullptr;
  return Nclx(heif_image_get_nclx_color_profile(image, &found).code == heif_error_Ok ? found : nullptr);
}

AVColorRange range_of(const heif_color_profile_nclx& nclx) {
  return nclx.full_range_flag != 0 ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

// Takes primaries and transfer function from the file's tags. Its matrix and range do not describe decoded YCbCr:
// libheif 1.15 makes that from RGB, as full-range BT.601, unless the decoded image has tags itself. Without tags, HEIF
// means full-range BT.601 too (ISO/IEC 23000-22, MIAF).
void describe_colours(const heif_image_handle* handle, const heif_image* image, Still& still) {
  AVFrame& frame = *still.frame;
  frame.color_range = AVCOL_RANGE_JPEG;
  const std::size_t profile = heif_image_handle_get_raw_color_profile_size(handle);
  if (const Nclx file = nclx_of(handle)) {
    if (profile == 0) {  // a profile takes precedence over the tags
      frame.color_primaries = colour_primaries(code_number(file->color_primaries));
      frame.color_trc = colour_transfer(code_number(file->transfer_characteristics));
    }
    if (heif_image_get_colorspace(image) == heif_colorspace_monochrome) frame.color_range = range_of(*file);
  }
  if (const Nclx own = nclx_of(image)) {
    frame.colorspace = colour_matrix(code_number(own->matrix_coefficients));
    frame.color_range = range_of(*own);
  }
  if (profile == 0) return;
  still.icc.resize(profile);
  check(heif_image_handle_get_raw_color_profile(handle, still.icc.data()));
}

}  // namespace

Still read_heif(const std::string& bytes) {
  const Context context(heif_context_alloc());
  heif_context_set_max_decoding_threads(context.get(), 0);
  check(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr));
  const Handle handle = primary_of(context.get());
  require_pixels(heif_image_handle_get_width(handle.get()), heif_image_handle_get_height(handle.get()));
  require_input(heif_image_handle_is_premultiplied_alpha(handle.get()) == 0,
                "its colours are multiplied by alpha, which is not read: save it as PNG");
  Still still;
  const Image image = decode(handle.get(), heif_chroma_of(bytes));
  still.frame = frame_of(image.get());
  std::uint32_t across = 1, down = 1;
  heif_image_get_pixel_aspect_ratio(image.get(), &across, &down);
  still.frame->sample_aspect_ratio = {static_cast<int>(across), static_cast<int>(down)};
  describe_colours(handle.get(), image.get(), still);
  return still;
}

}  // namespace orrery
