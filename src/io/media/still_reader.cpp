#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/colours.h"
#include "io/media/media_input.h"
#include "io/media/shown_picture.h"
#include "io/media/still.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;
constexpr std::size_t kHeadBytes = 32;
constexpr std::string_view kTargaEnd("TRUEVISION-XFILE.\0", 18);

struct Ends {
  std::string head;  // up to kHeadBytes
  std::string tail;  // up to the length of TGA's signature
};

Ends ends_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Ends ends{std::string(kHeadBytes, '\0'), std::string(kTargaEnd.size(), '\0')};
  file.read(ends.head.data(), static_cast<std::streamsize>(kHeadBytes));
  ends.head.resize(static_cast<std::size_t>(file.gcount()));
  file.clear();
  file.seekg(-static_cast<std::streamoff>(kTargaEnd.size()), std::ios::end);
  file.read(ends.tail.data(), static_cast<std::streamsize>(kTargaEnd.size()));
  return ends;
}

bool has_suffix(const fs::path& path, std::initializer_list<std::string_view> suffixes) {
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end();
}

// Whether the brand is one of single pictures, or of sequences, whose files also contain a picture.
bool is_heif(std::string_view head) {
  constexpr std::string_view kBrands[] = {"avif", "avis", "heic", "heix", "heim",
                                          "heis", "hevc", "hevx", "mif1", "msf1"};
  return head.substr(4, 4) == "ftyp" &&
         std::find(std::begin(kBrands), std::end(kBrands), head.substr(8, 4)) != std::end(kBrands);
}

// Whether the bytes can be a TGA header: a valid colour map flag and picture type.
bool can_be_targa(std::string_view head) {
  const std::string_view types("\1\2\3\x9\xA\xB");
  return head.size() >= 18 && (head[1] == 0 || head[1] == 1) && types.find(head[2]) != std::string_view::npos;
}

// Whether the flags in the first chunk of an extended WebP announce an animation.
bool is_animated_webp(std::string_view head) {
  constexpr std::size_t kFlags = 20;
  constexpr unsigned kAnimation = 2;
  return head.size() > kFlags && head.substr(12, 4) == "VP8X" &&
         (static_cast<unsigned char>(head[kFlags]) & kAnimation) != 0;
}

[[noreturn]] void refuse_animated_webp() {
  throw InputError("an animated WebP, which is not read: save the frame that you want as PNG, or the animation as mp4");
}

std::optional<StillKind> kind_of(const fs::path& path, const Ends& ends) {
  const std::string_view head = ends.head;
  if (head.starts_with("\x89PNG\r\n\x1A\n")) return StillKind::Png;
  if (head.starts_with("\xFF\xD8\xFF")) return StillKind::Jpeg;
  if (head.starts_with("RIFF") && head.substr(std::min<std::size_t>(8, head.size())).starts_with("WEBP"))
    return StillKind::WebP;
  for (const std::string_view tiff : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                      std::string_view("II+\0", 4), std::string_view("MM\0+", 4)}) {
    if (head.starts_with(tiff)) return StillKind::Tiff;
  }
  if (head.size() >= 12 && is_heif(head)) return StillKind::Heif;
  const bool named = has_suffix(path, {".tga", ".targa", ".icb", ".vda", ".vst"});
  if (can_be_targa(head) && (ends.tail == kTargaEnd || named)) return StillKind::Targa;
  return std::nullopt;
}

std::string bytes_of(const fs::path& path) {
  const std::uintmax_t size = fs::file_size(path);
  require_input(size <= kMostBytes, fmt::format("a picture of {} bytes, expected at most {}", size, kMostBytes));
  return read_file(path);
}

// Makes pixels opaque whose alpha means nothing: FFmpeg always decodes lossless WebP to ARGB.
void make_opaque(AVFrame& frame) {
  if (frame.format != AV_PIX_FMT_ARGB) return;
  for (int y = 0; y < frame.height; ++y) {
    std::uint8_t* row = frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x) row[std::ptrdiff_t{4} * x] = 255;
  }
}

Still decode_parts(AVCodecID codec, StillParts parts) {
  Still still = decode_still(codec, std::move(parts.picture));
  still.orientation = exif_orientation(parts.exif);
  still.icc = std::move(parts.icc);
  if (parts.opaque) make_opaque(*still.frame);
  if (parts.colour) {
    still.frame->color_primaries = colour_primaries(parts.colour->primaries);
    still.frame->color_trc = colour_transfer(parts.colour->transfer);
    still.icc.clear();
  }
  return still;
}

std::optional<Still> read_kind(const fs::path& path, StillKind kind, bool animations) {
  // The parts are copies, so that the file's bytes are freed before the picture is decoded.
  switch (kind) {
    case StillKind::Tiff:
      return read_tiff(bytes_of(path));
    case StillKind::Jpeg: {
      // Motion JPEG without a container is a sequence of pictures.
      if (animations && has_suffix(path, {".mjpeg", ".mjpg"})) return std::nullopt;
      StillParts parts = jpeg_parts(bytes_of(path));
      return decode_parts(AV_CODEC_ID_MJPEG, std::move(parts));
    }
    case StillKind::Png: {
      StillParts parts = png_parts(bytes_of(path));
      if (animations && parts.animated) return std::nullopt;
      return decode_parts(AV_CODEC_ID_PNG, std::move(parts));
    }
    case StillKind::WebP: {
      StillParts parts = webp_parts(bytes_of(path));
      if (parts.animated) refuse_animated_webp();
      return decode_parts(AV_CODEC_ID_WEBP, std::move(parts));
    }
    case StillKind::Targa:
      return decode_still(AV_CODEC_ID_TARGA, bytes_of(path));
    default:
      return read_heif(bytes_of(path));
  }
}

[[noreturn]] void refuse(const std::string& reason) {
  throw InputError(fmt::format("damaged, cut short or too large: {}; expected a whole picture of at most {} pixels",
                               reason, kMostPixels));
}

void check(int status) {
  if (status < 0) refuse(ffmpeg::reason(status));
}

void delete_text(void* text, std::uint8_t*) { delete static_cast<std::string*>(text); }

// Takes ownership of the bytes, since a copy could double the memory that reading takes.
ffmpeg::Packet packet_of(std::string bytes) {
  ffmpeg::Packet packet(ffmpeg::check(av_packet_alloc(), "make a packet"));
  const std::size_t size = bytes.size();
  bytes.reserve(size + AV_INPUT_BUFFER_PADDING_SIZE);
  bytes.append(AV_INPUT_BUFFER_PADDING_SIZE, '\0');
  auto kept = std::make_unique<std::string>(std::move(bytes));
  auto* const data = reinterpret_cast<std::uint8_t*>(kept->data());
  packet->buf = ffmpeg::check(av_buffer_create(data, kept->size(), delete_text, kept.get(), 0), "make a packet");
  kept.release();  // NOLINT(bugprone-unused-return-value): delete_text has it
  packet->data = data;
  packet->size = static_cast<int>(size);
  return packet;
}

}  // namespace

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

std::size_t number_at(std::string_view bytes, std::size_t at) {
  std::size_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | byte_at(bytes, at + i);
  return number;
}

std::optional<Still> read_still(const fs::path& path, bool animations) {
  require_media_file(path);
  return with_file_name(path.string(), [&] {
    const std::optional<StillKind> kind = kind_of(path, ends_of(path));
    return kind ? read_kind(path, *kind, animations) : std::nullopt;
  });
}

bool begins_as_still(const fs::path& path) {
  require_media_file(path);
  return with_file_name(path.string(), [&] {
    const Ends ends = ends_of(path);
    const std::optional<StillKind> kind = kind_of(path, ends);
    if (kind == StillKind::WebP && is_animated_webp(ends.head)) refuse_animated_webp();
    return kind.has_value();
  });
}

Still decode_still(AVCodecID id, std::string bytes) {
  ffmpeg::set_up();
  ffmpeg::take_log_line();
  const ffmpeg::Codec codec = make_decoder(id);
  check(avcodec_open2(codec.get(), nullptr, nullptr));
  const ffmpeg::Packet packet = packet_of(std::move(bytes));
  check(avcodec_send_packet(codec.get(), packet.get()));
  check(avcodec_send_packet(codec.get(), nullptr));
  Still still;
  still.frame.reset(ffmpeg::check(av_frame_alloc(), "make a picture"));
  check(avcodec_receive_frame(codec.get(), still.frame.get()));
  // Some decoders report damage only in the log and return a partial picture.
  const std::string complaint = ffmpeg::take_log_line();
  if (!complaint.empty() || still.frame->decode_error_flags != 0) refuse(complaint);
  return still;
}

}  // namespace orrery
