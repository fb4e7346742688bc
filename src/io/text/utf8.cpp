#include "io/text/utf8.h"

#include <fmt/format.h>
#include <unicode/utf8.h>

#include <array>

#include "base/core/error.h"

namespace orrery {
namespace {

// Returns a negative number when the bytes are not UTF-8. The pragma is for ICU's macro, which narrows integers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
UChar32 decode(std::string_view text, std::size_t& position) {
  UChar32 code_point = U_SENTINEL;
  U8_NEXT(text.data(), position, text.size(), code_point);
  return code_point;
}
#pragma GCC diagnostic pop

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& position, std::string_view what) {
  const std::size_t begin = position;
  const UChar32 code_point = decode(text, position);
  if (code_point >= 0) return static_cast<char32_t>(code_point);
  throw InputError(fmt::format("{} is not valid UTF-8 at byte {}: save the text as UTF-8", what, begin));
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
  std::array<char, U8_MAX_LENGTH> bytes{};
  std::size_t length = 0;
  U8_APPEND_UNSAFE(bytes.data(), length, code_point);
  text.append(bytes.data(), length);
}

}  // namespace orrery
