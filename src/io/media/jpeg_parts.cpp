#include <algorithm>
#include <cstddef>
#include <map>

#include "base/core/error.h"
#include "io/media/still.h"

namespace orrery {
namespace {

constexpr std::uint8_t kMark = 0xFF;
constexpr std::uint8_t kEnd = 0xD9;
constexpr std::uint8_t kScan = 0xDA;
constexpr std::size_t kStartBytes = 2;

// Inside a scan, 0xFF followed by 0 is data, and followed by D0 to D7 a restart marker.
bool is_marker(std::uint8_t code) { return code != 0 && code != kMark && (code < 0xD0 || code > 0xD7); }

// The position of the next marker after a scan's header.
std::size_t skip_scan(std::span<const std::uint8_t> jpeg, std::size_t at) {
  while (at + 2 <= jpeg.size() && !(jpeg[at] == kMark && is_marker(jpeg[at + 1]))) ++at;
  return at;
}

constexpr std::string_view kExif("Exif\0\0", 6);
constexpr std::string_view kIcc("ICC_PROFILE\0", 12);

// An ICC profile, which is stored in up to 255 numbered segments.
struct SegmentedProfile {
  std::map<unsigned, std::string> parts;
  unsigned count = 0;
};

// Joins all parts; empty when one is missing.
std::string joined(const SegmentedProfile& profile) {
  std::string icc;
  for (unsigned i = 1; i <= profile.count; ++i) {
    const auto found = profile.parts.find(i);
    if (found == profile.parts.end()) return "";
    icc += found->second;
  }
  return icc;
}

// Whether a segment affects how the picture looks. APP0 has the pixel shape and APP14 the colour space; other APPn
// segments and comments have no effect.
bool is_needed(unsigned marker) {
  constexpr unsigned kApp0 = 0xE0, kApp14 = 0xEE, kApp15 = 0xEF, kComment = 0xFE;
  return marker == kApp0 || marker == kApp14 || marker < kApp0 || (marker > kApp15 && marker != kComment);
}

// Adds a segment to `parts` or `profile`. `segment` begins with its marker and its length.
void take(std::string_view segment, StillParts& parts, SegmentedProfile& profile) {
  const unsigned marker = byte_at(segment, 1);
  const std::string_view body = segment.substr(std::min<std::size_t>(4, segment.size()));
  if (marker == 0xE1 && body.starts_with(kExif) && parts.exif.empty()) parts.exif = body;
  if (marker == 0xE2 && body.starts_with(kIcc) && body.size() > kIcc.size() + 2) {
    profile.count = byte_at(body, kIcc.size() + 1);
    profile.parts[byte_at(body, kIcc.size())] = body.substr(kIcc.size() + 2);
  }
  // JFIF's density has unit 0 for a pixel shape; other units are resolutions, which viewers ignore.
  const bool dots = marker == 0xE0 && body.size() > 7 && body[7] != 0;
  if (is_needed(marker) && !dots) parts.picture += segment;
}

}  // namespace

std::size_t jpeg_length(std::span<const std::uint8_t> jpeg) {
  // Segments are skipped as a whole, since thumbnails in them have their own end markers.
  bool any_scan = false;
  std::size_t at = kStartBytes;
  while (at + 2 <= jpeg.size() && jpeg[at] == kMark) {
    const std::uint8_t code = jpeg[at + 1];
    if (code == kEnd) return any_scan ? at + 2 : 0;
    if (code == kMark) {  // padding
      ++at;
      continue;
    }
    if (at + 4 > jpeg.size()) return 0;
    at += 2 + static_cast<std::size_t>(jpeg[at + 2] << 8 | jpeg[at + 3]);
    if (code == kScan) {
      any_scan = true;
      at = skip_scan(jpeg, at);
    }
  }
  return 0;
}

StillParts jpeg_parts(std::string_view file) {
  const std::size_t length = jpeg_length({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
  require_input(length > 0, "cut short: the picture has no end");
  StillParts parts;
  parts.picture.reserve(file.size());
  parts.picture = file.substr(0, 2);
  SegmentedProfile profile;
  std::size_t at = 2;
  while (byte_at(file, at + 1) != 0xDA) {
    const bool padding = byte_at(file, at + 1) == 0xFF;
    const std::size_t size = padding ? 1 : 2 + (byte_at(file, at + 2) << 8 | byte_at(file, at + 3));
    if (!padding) take(file.substr(at, size), parts, profile);
    at += size;
  }
  parts.picture += file.substr(at, length - at);
  parts.icc = joined(profile);
  return parts;
}

}  // namespace orrery
