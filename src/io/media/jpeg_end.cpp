#include "io/media/jpeg_end.h"

namespace orrery {
namespace {

constexpr std::uint8_t kMark = 0xFF;
constexpr std::uint8_t kEnd = 0xD9;
constexpr std::uint8_t kScan = 0xDA;
constexpr std::size_t kStartBytes = 2;

// Inside a scan, 0xFF before 0 is a value, and before D0 to D7 a restart.
bool is_marker(std::uint8_t code) { return code != 0 && code != kMark && (code < 0xD0 || code > 0xD7); }

// Where the next marker behind a scan's header stands.
std::size_t skip_scan(std::span<const std::uint8_t> jpeg, std::size_t at) {
  while (at + 2 <= jpeg.size() && !(jpeg[at] == kMark && is_marker(jpeg[at + 1]))) ++at;
  return at;
}

}  // namespace

std::size_t jpeg_length(std::span<const std::uint8_t> jpeg) {
  // Thumbnails have ends of their own: segments are skipped as a whole.
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

}  // namespace orrery
