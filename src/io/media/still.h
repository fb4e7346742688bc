#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/media/ffmpeg.h"

namespace orrery {

// A decoded still picture, and the data that are needed to show it. Internal to media/.
struct Still {
  ffmpeg::Frame frame;  // with its own tags for matrix, range, primaries, transfer and the pixels' shape
  int orientation = 1;  // EXIF orientation, 1 to 8
  std::string icc;      // colour profile; empty: sRGB, or what the frame's tags say
};

// Formats with a reader of their own. A file's format is recognized by its content, TGA also by its name, since its
// first version has no signature.
enum class StillKind { Png, Jpeg, WebP, Tiff, Targa, Heif };

// Reads a picture of one of these formats. None for other formats, and for an animation when `animations` is true,
// which means that animations are read as videos. Throws InputError that names the file when it is unreadable, cut
// short or damaged, or an animated WebP.
std::optional<Still> read_still(const std::filesystem::path& path, bool animations);

// Whether read_still() reads the file, judged by its first bytes, which do not show whether a PNG is animated. Throws
// InputError like read_still(), as far as these bytes show.
bool begins_as_still(const std::filesystem::path& path);

// Readers of single formats. They throw InputError without a file name.
Still decode_still(AVCodecID codec, std::string bytes);  // one picture, `bytes` all of its file
Still read_tiff(const std::string& bytes);               // the first page
Still read_heif(const std::string& bytes);               // HEIC or AVIF: the primary picture, already upright

// A picture's colour code points (ITU-T H.273, which FFmpeg uses too).
struct ColourTags {
  int primaries = 2;  // 2: unspecified
  int transfer = 2;
};

// The parts of a still picture's file: what a decoder needs, and what says how to show the pixels. Other blocks, and
// damaged ones, are left out, so that a damaged comment does not make the picture unreadable. Internal to media/.
struct StillParts {
  std::string picture;               // a file of the same format
  std::string exif;                  // empty: none
  std::string icc;                   // colour profile; empty: sRGB
  std::optional<ColourTags> colour;  // overrides the profile
  bool animated = false;
  bool opaque = false;  // the format says that the alpha values mean nothing
};

// The byte, or the 4-byte big-endian number, at position `at`, which must be inside `bytes`.
unsigned byte_at(std::string_view bytes, std::size_t at);
std::size_t number_at(std::string_view bytes, std::size_t at);

// Each splits a whole file of its format. Throws InputError, without a file name, for a file cut short or a damaged
// block that the picture needs.
StillParts jpeg_parts(std::string_view file);
StillParts png_parts(std::string_view file);
StillParts webp_parts(std::string_view file);

// Bytes of the first picture in `jpeg`, including its end marker; 0 when the marker is missing because the file was cut
// short, which FFmpeg would conceal. Data after the picture (a motion photo's video, another picture) is ignored.
std::size_t jpeg_length(std::span<const std::uint8_t> jpeg);

}  // namespace orrery
