#include "io/text/python_text.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <cmath>
#include <iterator>

#include "io/text/utf8.h"

namespace orrery {
namespace {

// str.isspace() accepts U+001C…U+001F besides Unicode's White_Space.
bool is_python_space(char32_t c) { return (c >= 0x1C && c <= 0x1F) || u_isUWhiteSpace(static_cast<UChar32>(c)) != 0; }

std::size_t last_character(std::string_view utf8) {
  std::size_t position = utf8.size();
  U8_BACK_1_UNSAFE(utf8.data(), position);
  return position;
}

void append_escape(std::string& out, char32_t unit) {
  fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(unit));
}

void append_quoted(std::string& out, char32_t c) {
  constexpr std::string_view named = "\"\"\\\\\nn\rr\tt\ff\bb";  // pairs of character and escape letter
  for (std::size_t i = 0; i < named.size(); i += 2) {
    if (c != static_cast<unsigned char>(named[i])) continue;
    out += '\\';
    out += named[i + 1];
    return;
  }
  if (c >= ' ' && c <= '~') {
    out += static_cast<char>(c);
  } else if (c < 0x10000) {
    append_escape(out, c);
  } else {
    append_escape(out, U16_LEAD(c));
    append_escape(out, U16_TRAIL(c));
  }
}

}  // namespace

std::string_view python_strip(std::string_view utf8) {
  while (!utf8.empty()) {
    std::size_t end = 0;
    if (!is_python_space(next_code_point(utf8, end, "the text"))) break;
    utf8.remove_prefix(end);
  }
  while (!utf8.empty()) {
    const std::size_t begin = last_character(utf8);
    std::size_t end = begin;
    if (!is_python_space(next_code_point(utf8, end, "the text"))) break;
    utf8.remove_suffix(utf8.size() - begin);
  }
  return utf8;
}

std::string python_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const std::string text = fmt::format("{}", value);  // with an exponent where repr() has one
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string python_quoted(std::u32string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (const char32_t c : text) append_quoted(out, c);
  return out + '"';
}

}  // namespace orrery
