#include <zlib.h>

#include <cmath>
#include <cstddef>
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

// A profile: its name, 0, the method 0, a zlib stream. Empty where it is damaged or larger than any real one.
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

// What a PNG says of its colours: the newest kind of chunk that it has holds.
struct Colours {
  bool srgb = false;
  double gamma = 0;  // of the values: 1 / 2.2 for ordinary pictures; 0 where the file does not say
  std::optional<Chromaticities> points;

  // Of gammas around 2.2, sRGB's own curve is meant, unless the primaries are others.
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

// Chunks without which the pixels are others: those whose first letter is large, transparency, and the pixels' shape.
// Of dots a metre viewers make nothing.
bool is_needed(std::string_view kind, std::string_view body) {
  const bool shape = kind == "pHYs" && body.size() == 9 && body[8] == 0;
  return (kind[0] & 0x20) == 0 || kind == "tRNS" || shape;
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

}  // namespace orrery
