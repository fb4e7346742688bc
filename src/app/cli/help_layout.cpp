#include "app/cli/help_layout.h"

#include <algorithm>

#include "base/core/terminal_text.h"

namespace orrery {
namespace {

constexpr std::string_view kBlanks = " \n";

// Takes the first word off `text`; "" when none is left.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

// `out` ends at `column`; the text goes on there, and later lines begin at `indent`.
void append_words(std::string& out, std::string_view text, std::size_t column, std::size_t indent) {
  bool is_first = true;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const std::size_t width = character_count(word);
    if (!is_first && column + 1 + width > kHelpWidth) {
      out.append("\n").append(indent, ' ');
      column = indent;
    } else if (!is_first) {
      out += ' ';
      ++column;
    }
    out.append(word);
    column += width;
    is_first = false;
  }
  out += '\n';
}

}  // namespace

std::string paragraphs(std::string_view text, std::size_t indent) {
  constexpr std::string_view kGap = "\n\n";
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(kGap), text.size());
    if (!out.empty()) out += '\n';
    out.append(indent, ' ');
    append_words(out, text.substr(0, end), indent, indent);
    text.remove_prefix(std::min(end + kGap.size(), text.size()));
  }
  return out;
}

std::string beside(std::string_view left, std::string_view text, std::size_t column) {
  std::string out(left);
  const std::size_t width = character_count(left);
  if (width + 2 <= column) {
    out.append(column - width, ' ');
  } else {
    out.append("\n").append(column, ' ');
  }
  append_words(out, text, column, column);
  return out;
}

std::string indented(std::string_view text, std::size_t indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append(indent, ' ').append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace orrery
