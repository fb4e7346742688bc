#include "mend_hdf5.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "io/latents/file_bytes.h"

namespace orrery::fuzz {
namespace {

constexpr std::size_t kSuperblockBytes = 48;
constexpr std::size_t kChecksumBytes = 4;

// The checksum of `bytes` bytes at `at` stands behind them.
void mend(std::string& file, std::size_t at, std::size_t bytes) {
  if (at > file.size() || bytes > file.size() - at || kChecksumBytes > file.size() - at - bytes) return;
  const std::uint32_t sum = hdf5::lookup3(std::string_view(file).substr(at, bytes));
  for (std::size_t i = 0; i < kChecksumBytes; ++i) file[at + bytes + i] = static_cast<char>(sum >> (8 * i) & 0xFFU);
}

void mend_header(std::string& file, std::size_t at) {
  constexpr std::size_t kFlags = 5;
  if (file.size() - at < 16) return;
  const auto flags = static_cast<unsigned char>(file[at + kFlags]);
  std::size_t size_at = at + kFlags + 1;
  if ((flags & 0x20U) != 0) size_at += 16;  // times
  if ((flags & 0x10U) != 0) size_at += 4;   // bounds of compact storage
  const std::size_t width = std::size_t{1} << (flags & 3U);
  if (size_at + width > file.size()) return;
  std::size_t size = 0;
  for (std::size_t i = 0; i < width; ++i) size |= std::size_t{static_cast<unsigned char>(file[size_at + i])} << (8 * i);
  if (size < file.size()) mend(file, at, size_at + width + size - at);
}

}  // namespace

void mend_hdf5(std::string& file) {
  constexpr std::size_t kVersion = 8;
  if (!file.starts_with("\x89HDF") || file.size() < kSuperblockBytes) return;
  if (file[kVersion] == 2 || file[kVersion] == 3) mend(file, 0, kSuperblockBytes - kChecksumBytes);
  for (std::size_t at = file.find("OHDR"); at != std::string::npos; at = file.find("OHDR", at + 1)) {
    mend_header(file, at);
  }
}

}  // namespace orrery::fuzz
