#include "io/text/bpe_tables.h"

#include "io/text/utf8.h"

namespace orrery {
namespace {

bool is_printable(char32_t c) { return (c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xFF && c != 0xAD); }

std::array<std::string, 256> make_alphabet() {
  std::array<std::string, 256> alphabet;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) append_utf8(alphabet[byte], is_printable(byte) ? byte : next++);
  return alphabet;
}

}  // namespace

const std::array<std::string, 256>& byte_alphabet() {
  static const std::array<std::string, 256> alphabet = make_alphabet();
  return alphabet;
}

std::string spell_bytes(std::string_view bytes) {
  const std::array<std::string, 256>& alphabet = byte_alphabet();
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) out += alphabet[static_cast<unsigned char>(c)];
  return out;
}

}  // namespace orrery
