#include "io/latents/file_bytes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery::hdf5 {
namespace {

// Limits for in_blocks_: headers are read twice, and a heap of strings once for each of them.
constexpr std::uint64_t kMostTimes = 4;
constexpr std::uint64_t kFreeBytes = std::uint64_t{32} << 20;

// The state of lookup3: three 32-bit words, with wrapping arithmetic.
struct Words {
  std::uint32_t a, b, c;

  void add(std::string_view block) {
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t i = 0; i < 4 && at + i < block.size(); ++i) {
        value |= std::uint32_t{static_cast<unsigned char>(block[at + i])} << (8 * i);
      }
      return value;
    };
    a += word(0);
    b += word(4);
    c += word(8);
  }
  void mix() {
    const auto step = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t z, int bits) {
      x = (x - z) ^ std::rotl(z, bits);
      z += y;
      return z;
    };
    c = step(a, b, c, 4);
    a = step(b, c, a, 6);
    b = step(c, a, b, 8);
    c = step(a, b, c, 16);
    a = step(b, c, a, 19);
    b = step(c, a, b, 4);
  }
  void finish() {
    const auto step = [](std::uint32_t& x, std::uint32_t y, int bits) { x = (x ^ y) - std::rotl(y, bits); };
    step(c, b, 14);
    step(a, c, 11);
    step(b, a, 25);
    step(c, b, 16);
    step(a, c, 4);
    step(b, a, 14);
    step(c, b, 24);
  }
};

}  // namespace

std::uint64_t Block::number(std::size_t bytes) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char c : text(bytes)) {
    value |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
    shift += 8;
  }
  return value;
}

std::string_view Block::text(std::size_t bytes) {
  require(bytes <= left(), "ends too early");
  at_ += bytes;
  return std::string_view(bytes_).substr(at_ - bytes, bytes);
}

void Block::require(bool ok, const std::string& found) const {
  if (!ok) throw Error(what_ + ": " + found);
}

FileBytes::FileBytes(const std::filesystem::path& path) {
  std::int64_t size = 0;
  file_ = open_input(path, &size);
  size_ = static_cast<std::uint64_t>(size);
}

Block FileBytes::block(std::uint64_t address, std::uint64_t bytes, const std::string& what) const {
  orrery::require(holds(address, bytes),
                  fmt::format("{}: {} bytes at {} are not in the file, which has {}", what, bytes, address, size_));
  in_blocks_ += bytes;
  orrery::require(in_blocks_ <= kFreeBytes + kMostTimes * size_, what + ": its structures overlap");
  std::string content(bytes, '\0');
  read(address, content.size(), content.data());
  return {std::move(content), what};
}

void FileBytes::read(std::uint64_t address, std::size_t bytes, char* into) const {
  while (bytes > 0) {
    const ssize_t count = ::pread(file_.get(), into, bytes, static_cast<off_t>(address));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(fmt::format("read byte {}", address), std::strerror(errno));
    orrery::require(count > 0, "the file has become shorter while it was read");
    into += count;
    address += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
}

std::uint32_t lookup3(std::string_view bytes) {
  constexpr std::size_t kBlock = 12;
  const std::uint32_t start = 0xdeadbeefU + static_cast<std::uint32_t>(bytes.size());
  Words words{start, start, start};
  for (; bytes.size() > kBlock; bytes.remove_prefix(kBlock)) {
    words.add(bytes.substr(0, kBlock));
    words.mix();
  }
  if (bytes.empty()) return words.c;
  words.add(bytes);
  words.finish();
  return words.c;
}

void mend_superblock(std::string& file) {
  constexpr std::size_t kBytes = 44;
  const std::uint32_t sum = lookup3(std::string_view(file).substr(0, kBytes));
  for (std::size_t i = 0; i < 4; ++i) file[kBytes + i] = static_cast<char>(sum >> (8 * i) & 0xFFU);
}

}  // namespace orrery::hdf5
