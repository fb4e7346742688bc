#include <cstddef>
#include <cstdint>

#include "base/core/error.h"
#include "io/media/still.h"

namespace orrery {
namespace {

constexpr std::size_t kFileHeader = 12;  // "RIFF", size, "WEBP"
constexpr std::size_t kChunkHeader = 8;
constexpr std::size_t kLosslessHeader = 5;

std::size_t size_at(std::string_view bytes, std::size_t at) {
  std::size_t size = 0;
  for (std::size_t i = 4; i-- > 0;) size = size << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return size;
}

std::string little_endian(std::size_t size) {
  std::string text;
  for (int i = 0; i < 4; ++i) text.push_back(static_cast<char>(size >> (8 * i)));
  return text;
}

// A lossless picture's header: a signature, two sizes of 14 bits, and whether alpha is used.
bool without_alpha(std::string_view lossless) {
  return lossless.size() >= kLosslessHeader && (static_cast<unsigned char>(lossless[4]) & 0x10) == 0;
}

// `body` of the chunk `kind`; `whole`, with its header and padding.
void take(StillParts& parts, std::string_view kind, std::string_view body, std::string_view whole) {
  if (kind == "EXIF") parts.exif = body;
  if (kind == "ICCP") parts.icc = body;
  if (kind == "ANIM" || kind == "ANMF") parts.animated = true;
  if (kind == "VP8L") parts.opaque = without_alpha(body);
  if (kind == "VP8X" || kind == "VP8 " || kind == "VP8L" || kind == "ALPH") parts.picture += whole;
}

}  // namespace

StillParts webp_parts(std::string_view file) {
  require_input(file.size() >= kFileHeader && size_at(file, 4) <= file.size() - 8,
                "cut short: the file is smaller than it says");
  file = file.substr(0, 8 + size_at(file, 4));
  StillParts parts;
  parts.picture.reserve(file.size());
  for (std::size_t at = kFileHeader; at + kChunkHeader <= file.size();) {
    const std::size_t size = size_at(file, at + 4), padded = size + size % 2;
    require_input(size <= file.size() - at - kChunkHeader, "cut short: a chunk is larger than the file");
    take(parts, file.substr(at, 4), file.substr(at + kChunkHeader, size), file.substr(at, kChunkHeader + padded));
    at += kChunkHeader + padded;
  }
  parts.picture.insert(0, "RIFF" + little_endian(parts.picture.size() + 4) + "WEBP");
  return parts;
}

}  // namespace orrery
