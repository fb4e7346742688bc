#include "io/text/python_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "base/core/error.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

// str.isspace() holds U+001C…U+001F besides Unicode's White_Space.
bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::size_t last_character(std::string_view utf8) {
  std::size_t position = utf8.size() - 1;
  while (position > 0 && (static_cast<unsigned char>(utf8[position]) & 0xC0U) == 0x80) --position;
  return position;
}

template <class... Format>
std::string to_text(double value, Format... format) {
  std::array<char, 512> buffer{};  // 1.8e308 with one decimal takes 312 characters
  const std::to_chars_result result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...);
  require(result.ec == std::errc(), "a number did not fit into its text buffer");
  return {buffer.data(), result.ptr};
}

void append_escape(std::string& out, char32_t unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[unit >> shift & 0xFU];
}

void append_quoted(std::string& out, char32_t c) {
  constexpr std::string_view named = "\"\"\\\\\nn\rr\tt\ff\bb";  // pairs: the character, its letter
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
    append_escape(out, 0xD800 + ((c - 0x10000) >> 10U));
    append_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FFU));
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

std::string python_fixed(double value, int decimals) { return to_text(value, std::chars_format::fixed, decimals); }

std::string python_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const std::string scientific = to_text(value, std::chars_format::scientific);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  if (exponent < -4 || exponent >= 16) return scientific;
  const std::string fixed = to_text(value, std::chars_format::fixed);
  return fixed.find('.') == std::string::npos ? fixed + ".0" : fixed;
}

std::string python_quoted(std::u32string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (const char32_t c : text) append_quoted(out, c);
  return out + '"';
}

}  // namespace orrery
