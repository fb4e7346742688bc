#include <zlib.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/core/error.h"
#include "io/media/icc_profile.h"
#include "io/media/still.h"

namespace orrery {
namespace {

constexpr std::size_t kSignature = 8;
constexpr std::size_t kOverhead = 12;  // length, kind and checksum of a chunk
constexpr std::size_t kMostProfileBytes = std::size_t{4} << 20;

bool is_whole(std::string_view kind_and_body, std::size_t checksum) {
  return ::crc32(0, reinterpret_cast<const Bytef*>(kind_and_body.data()), static_cast<uInt>(kind_and_body.size())) ==
         checksum;
}

// Inflates a profile stored as name, 0, method 0 and a zlib stream. Empty when it is damaged or larger than any real
// one.
std::string inflated_profile(std::string_view body) {
  const std::size_t name_end = body.find('\0');
  if (name_end == std::string_view::npos || name_end + 2 > body.size()) return "";
  body.remove_prefix(name_end + 2);
  std::string icc(kMostProfileBytes, '\0');
  uLongf size = kMostProfileBytes;
  const int status = ::uncompress(reinterpret_cast<Bytef*>(icc.data()), &size,
                                  reinterpret_cast<const Bytef*>(body.data()), body.size());
  icc.resize(status == Z_OK ? size : 0);
  return icc;
}

bool near(const Chromaticity& a, const Chromaticity& b) {
  constexpr double kRounding = 0.005;
  return std::abs(a.x - b.x) < kRounding && std::abs(a.y - b.y) < kRounding;
}

bool near(const Chromaticities& a, const Chromaticities& b) {
  return near(a.white, b.white) && near(a.red, b.red) && near(a.green, b.green) && near(a.blue, b.blue);
}

// A PNG's colour information; the newest kind of chunk that the file has takes precedence.
struct Colours {
  bool srgb = false;
  double gamma = 0;  // of the values: 1 / 2.2 for ordinary pictures; 0: not given
  std::optional<Chromaticities> points;

  // A gamma around 2.2 means sRGB's own curve, unless the primaries differ from sRGB's.
  bool is_srgb() const {
    const bool usual = std::abs(gamma * 2.2 - 1) < 0.05 && (!points || near(*points, Chromaticities{}));
    return srgb || gamma <= 0 || usual;
  }
  std::string profile() const {
    if (is_srgb()) return "";
    return rgb_profile(1 / gamma, points.value_or(Chromaticities{}));
  }
};

Chromaticities chromaticities(std::string_view body) {
  const auto value = [&](std::size_t i) { return static_cast<double>(number_at(body, 4 * i)) / 100'000; };
  return {{value(0), value(1)}, {value(2), value(3)}, {value(4), value(5)}, {value(6), value(7)}};
}

void take(std::string_view kind, std::string_view body, StillParts& parts, Colours& colours) {
  if (kind == "eXIf") parts.exif = body;
  if (kind == "acTL") parts.animated = true;
  if (kind == "iCCP") parts.icc = inflated_profile(body);
  if (kind == "cICP" && body.size() == 4) parts.colour = ColourTags{body[0], body[1]};
  if (kind == "sRGB") colours.srgb = true;
  if (kind == "gAMA" && body.size() == 4) colours.gamma = static_cast<double>(number_at(body, 0)) / 100'000;
  if (kind == "cHRM" && body.size() == 32) colours.points = chromaticities(body);
}

// Whether a chunk affects how the picture looks: critical chunks (whose first letter is a capital), transparency, and
// the pixel shape. Viewers ignore resolutions in dots per metre.
bool is_needed(std::string_view kind, std::string_view body) {
  const bool shape = kind == "pHYs" && body.size() == 9 && body[8] == 0;
  return (kind[0] & 0x20) == 0 || kind == "tRNS" || shape;
}

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

// Whether a lossless picture's header (a signature, two 14-bit sizes, the alpha flag) says that alpha is not used.
bool without_alpha(std::string_view lossless) {
  return lossless.size() >= kLosslessHeader && (static_cast<unsigned char>(lossless[4]) & 0x10) == 0;
}

// Adds a chunk of type `kind` to `parts`. `whole` is `body` with header and padding.
void take(StillParts& parts, std::string_view kind, std::string_view body, std::string_view whole) {
  if (kind == "EXIF") parts.exif = body;
  if (kind == "ICCP") parts.icc = body;
  if (kind == "ANIM" || kind == "ANMF") parts.animated = true;
  if (kind == "VP8L") parts.opaque = without_alpha(body);
  if (kind == "VP8X" || kind == "VP8 " || kind == "VP8L" || kind == "ALPH") parts.picture += whole;
}

}  // namespace

StillParts png_parts(std::string_view file) {
  StillParts parts;
  parts.picture.reserve(file.size());
  parts.picture = file.substr(0, kSignature);
  Colours colours;
  std::string_view kind;
  for (std::size_t at = kSignature; kind != "IEND";) {
    require_input(file.size() - at >= kOverhead, "cut short: the file ends before the picture");
    const std::size_t size = number_at(file, at);
    require_input(size <= file.size() - at - kOverhead, "cut short: a chunk is larger than the file");
    kind = file.substr(at + 4, 4);
    const bool whole = is_whole(file.substr(at + 4, size + 4), number_at(file, at + 8 + size));
    const bool optional = (kind[0] & 0x20) != 0 && kind != "tRNS";
    require_input(whole || optional, "damaged: a chunk's checksum is wrong");
    if (whole) take(kind, file.substr(at + 8, size), parts, colours);
    if (whole && is_needed(kind, file.substr(at + 8, size))) parts.picture += file.substr(at, size + kOverhead);
    at += size + kOverhead;
  }
  if (parts.icc.empty()) parts.icc = colours.profile();
  return parts;
}

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
