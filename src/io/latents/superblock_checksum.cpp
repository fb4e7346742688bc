#include "io/latents/superblock_checksum.h"

#include <array>
#include <bit>
#include <cstddef>

namespace orrery::hdf5 {
namespace {

// Three words of 32 bits; arithmetic wraps.
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
