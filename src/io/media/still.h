#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "io/media/ffmpeg.h"

namespace orrery {

// A still picture as its decoder gave it, and what is needed to show it. Internal to media/.
struct Still {
  ffmpeg::Frame frame;  // with its own tags for matrix, range, primaries, transfer and the pixels' shape
  int orientation = 1;  // EXIF's, 1 to 8
  std::string icc;      // colour profile; empty: sRGB, or what the frame's tags say
};

// Which readers take a file, known by its content; TGA, which has no signature in its first version, by its name as
// well.
enum class StillKind { Png, Jpeg, WebP, Tiff, Targa, Heif };

// None: not one of these, or an animation where `animations` are to be read as videos.
// Throws InputError that names the file: unreadable, cut short, damaged, or an animated WebP, which is not read.
std::optional<Still> read_still(const std::filesystem::path& path, bool animations);

// Whether read_still takes the file, by its first bytes; an animated PNG, which these do not tell from others, counts.
// Throws InputError as read_still does, as far as these bytes tell.
bool begins_as_still(const std::filesystem::path& path);

// The readers of single formats. They throw InputError without a file's name.
Still decode_still(AVCodecID codec, std::string bytes);  // one picture, `bytes` all of its file
Still read_tiff(const std::string& bytes);               // the first page
Still read_heif(const std::string& bytes);               // HEIC or AVIF: the primary picture, already upright

}  // namespace orrery
