#include "io/text/utf8.h"

#include "base/core/error.h"

namespace orrery {
namespace {

struct Lead {
  std::size_t length;  // 0: no character starts with this byte
  char32_t bits;
  char32_t smallest;  // anything below is an overlong form
};

Lead read_lead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

bool is_scalar(char32_t c) { return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF); }

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& position, std::string_view what) {
  const Lead lead = read_lead(static_cast<unsigned char>(text[position]));
  bool valid = lead.length > 0 && text.size() - position >= lead.length;
  char32_t code_point = lead.bits;
  for (std::size_t i = 1; valid && i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[position + i]);
    valid = (byte & 0xC0U) == 0x80;
    code_point = code_point << 6U | (byte & 0x3FU);
  }
  if (!valid || code_point < lead.smallest || !is_scalar(code_point)) {
    throw InputError(std::string(what) + " is not valid UTF-8 at byte " + std::to_string(position) +
                     ": save the text as UTF-8");
  }
  position += lead.length;
  return code_point;
}

void require_utf8(std::string_view text, std::string_view what) {
  for (std::size_t position = 0; position < text.size();) next_code_point(text, position, what);
}

std::u32string from_utf8(std::string_view text, std::string_view what) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) out += next_code_point(text, position, what);
  return out;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | (code_point >> shift & 0x3FU)); };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xC0U | code_point >> 6U);
    tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xE0U | code_point >> 12U);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | code_point >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace orrery
