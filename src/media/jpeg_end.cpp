#include "media/jpeg_end.h"

#include <algorithm>
#include <array>

namespace orrery {
namespace {

constexpr std::uint8_t kMark = 0xFF;
constexpr std::uint8_t kEnd = 0xD9;
constexpr std::uint8_t kScan = 0xDA;
constexpr std::size_t kStartBytes = 2;

}  // namespace

bool has_jpeg_end(std::span<const std::uint8_t> jpeg) {
  // Thumbnails have ends of their own: look behind the segments before the first scan.
  std::size_t at = kStartBytes;
  while (at + 4 <= jpeg.size() && jpeg[at] == kMark && jpeg[at + 1] != kScan) {
    const bool padding = jpeg[at + 1] == kMark;
    at += padding ? 1 : 2 + static_cast<std::size_t>(jpeg[at + 2] << 8 | jpeg[at + 3]);
  }
  if (at >= jpeg.size()) return false;
  constexpr std::array<std::uint8_t, 2> kMarker{kMark, kEnd};
  const auto rest = jpeg.subspan(at);
  return std::search(rest.begin(), rest.end(), kMarker.begin(), kMarker.end()) != rest.end();
}

}  // namespace orrery
