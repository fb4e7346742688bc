#include "base/core/terminal_text.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace orrery {
namespace {

constexpr char32_t kNone = 0xFFFFFFFF;

struct Character {
  char32_t code = kNone;   // kNone: not UTF-8
  std::size_t length = 1;  // bytes
};

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The character at the start of `text`, which is not empty. Decoded by hand, since only io/text may use ICU.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues_character(text[i])) return {};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest.at(length) || surrogate || code > 0x10FFFF ? Character{} : Character{code, length};
}

bool acts_on_terminals(char32_t c) {
  const bool control = (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0);
  const bool direction = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || direction || c == 0x2028 || c == 0x2029;
}

template <class Escaped>
std::string with_escapes(std::string_view text, const Escaped& is_escaped) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Character c = first_character(text);
    if (c.code == kNone) {
      shown += "\xEF\xBF\xBD";
    } else if (is_escaped(c.code)) {
      fmt::format_to(std::back_inserter(shown), "\\u{:04x}", static_cast<unsigned>(c.code));
    } else {
      shown += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  return shown;
}

std::vector<TableColumn> plain_columns(std::size_t count, std::size_t left) {
  std::vector<TableColumn> columns(count);
  for (std::size_t i = left; i < count; ++i) columns[i].left = false;
  if (count > 0) columns.front().gap = 0;
  return columns;
}

// Escape sequence that moves to the start of the line `count` lines up and erases everything from there on.
std::string rewind(std::size_t count) { return count == 0 ? "" : fmt::format("\x1b[{}A\r\x1b[J", count); }

}  // namespace

std::string valid_utf8(std::string_view text) {
  return with_escapes(text, [](char32_t) { return false; });
}

std::string printable(std::string_view text) { return with_escapes(text, acts_on_terminals); }

std::string printable_lines(std::string_view text) {
  return with_escapes(text, [](char32_t c) { return c != '\n' && acts_on_terminals(c); });
}

std::size_t character_count(std::string_view utf8) {
  return utf8.size() - static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), continues_character));
}

std::string_view whole_characters(std::string_view utf8, std::size_t bytes) {
  if (utf8.size() <= bytes) return utf8;
  while (bytes > 0 && continues_character(utf8[bytes])) --bytes;
  return utf8.substr(0, bytes);
}

std::string table_row(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const TableColumn& column = columns[i];
    const std::size_t blanks = column.width - std::min(column.width, character_count(cells[i]));
    row.append(column.gap + (column.left ? 0 : blanks), ' ').append(cells[i]).append(column.left ? blanks : 0, ' ');
  }
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

TextTable::TextTable(const std::vector<std::string>& titles, std::size_t left)
    : TextTable(titles, plain_columns(titles.size(), left)) {}

TextTable::TextTable(std::vector<std::string> titles, std::vector<TableColumn> columns)
    : rows_{std::move(titles)}, columns_(std::move(columns)) {}

void TextTable::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<TableColumn> columns = columns_;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) columns[i].width = std::max(columns[i].width, character_count(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) text.append(table_row(columns, row)).append("\n");
  return text;
}

void StatusLines::print(std::string_view text) {
  std::string out = rewind(lines_.size()).append(text);
  for (const std::string& line : lines_) out.append(line).append("\n");
  write(out);
}

void StatusLines::show(std::vector<std::string> lines) {
  std::string out = rewind(lines_.size());
  lines_ = std::move(lines);
  for (const std::string& line : lines_) out.append(line).append("\n");
  write(out);
}

// Writes all text in one call, so that the lines do not flicker.
void StatusLines::write(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), terminal_);
  std::fflush(terminal_);
}

std::size_t terminal_columns(std::FILE* stream) {
  constexpr std::size_t kUsual = 80;
  const int file = ::fileno(stream);
  if (::isatty(file) != 1) return 0;
  winsize size{};
  const bool known = ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsual;
}

}  // namespace orrery
