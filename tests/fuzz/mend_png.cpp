#include "mend_png.h"

#include <zlib.h>

#include <cstddef>
#include <cstdint>

namespace orrery::fuzz {

void mend_png(std::string& file) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kOverhead = 12;  // length, kind and checksum
  if (!file.starts_with("\x89PNG")) return;
  for (std::size_t at = kSignature; at + kOverhead <= file.size();) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8U | static_cast<unsigned char>(file[at + i]);
    if (length > file.size() - at - kOverhead) return;
    const auto* const body = reinterpret_cast<const Bytef*>(file.data() + at + 4);
    const auto sum = static_cast<std::uint32_t>(::crc32(0, body, static_cast<uInt>(length + 4)));
    for (std::size_t i = 0; i < 4; ++i) file[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i) & 0xFFU);
    at += length + kOverhead;
  }
}

}  // namespace orrery::fuzz
