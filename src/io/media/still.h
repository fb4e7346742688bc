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

// A still picture as its decoder gave it, and what is needed to show it. Internal to media/.
struct Still {
  ffmpeg::Frame frame;  // with its own tags for matrix, range, primaries, transfer and the pixels' shape
  int orientation = 1;  // EXIF's, 1 to 8
  std::string icc;      // colour profile; empty: sRGB, or what the frame's tags say
};

// Formats with a reader of their own. A file's format is recognized by its content, TGA also by its name, since its
// first version has no signature.
enum class StillKind { Png, Jpeg, WebP, Tiff, Targa, Heif };

// Reads a picture of one of these formats. None for other formats, and for an animation where `animations` are to be
// read as videos. Throws InputError that names the file: unreadable, cut short, damaged, or an animated WebP.
std::optional<Still> read_still(const std::filesystem::path& path, bool animations);

// Whether read_still reads the file, judged by its first bytes, by which an animated PNG looks like any other PNG.
// Throws InputError as read_still does, as far as these bytes show.
bool begins_as_still(const std::filesystem::path& path);

// The readers of single formats. They throw InputError without a file's name.
Still decode_still(AVCodecID codec, std::string bytes);  // one picture, `bytes` all of its file
Still read_tiff(const std::string& bytes);               // the first page
Still read_heif(const std::string& bytes);               // HEIC or AVIF: the primary picture, already upright

// The code points (ITU-T H.273, as FFmpeg has them) by which a picture names its colours.
struct ColourTags {
  int primaries = 2;  // 2: unspecified
  int transfer = 2;
};

// A still picture's file taken apart: what a decoder needs, and what says how its pixels are shown. Blocks beside
// these, and damaged ones, are left out, so that a damaged comment is not a damaged picture. Internal to media/.
struct StillParts {
  std::string picture;               // a file of the same format
  std::string exif;                  // empty: none
  std::string icc;                   // colour profile; empty: sRGB
  std::optional<ColourTags> colour;  // overrides the profile
  bool animated = false;
  bool opaque = false;  // the format says that what looks like alpha is none
};

// The byte, and the big-endian number of 4 bytes, at `at`, which must lie within `bytes`.
unsigned byte_at(std::string_view bytes, std::size_t at);
std::size_t number_at(std::string_view bytes, std::size_t at);

// Each takes a whole file of its format. Throws InputError, without a file's name, for a file cut short or a damaged
// block that the picture needs.
StillParts jpeg_parts(std::string_view file);
StillParts png_parts(std::string_view file);
StillParts webp_parts(std::string_view file);

// Bytes of the first picture in `jpeg`, its end marker included; 0 where the marker is missing, since the file was cut
// short. FFmpeg would conceal that. Data behind the picture (a motion photo's video, a further picture) is ignored.
std::size_t jpeg_length(std::span<const std::uint8_t> jpeg);

}  // namespace orrery
