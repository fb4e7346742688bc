#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// `text` with U+FFFD in place of every byte that is not UTF-8: file names may have such bytes, JSON and HDF5 may not.
std::string valid_utf8(std::string_view text);

// `text` as it may be shown on a terminal, where the characters of others (prompts, file names) must do nothing but
// appear: valid_utf8 with control characters and changes of writing direction as \u001b. Tabs stay.
std::string printable(std::string_view text);

// `text` of several lines as printable() has it, with its newlines.
std::string printable_lines(std::string_view text);

// How many characters valid UTF-8 has: its width in columns where each takes one, as in Latin, Greek and Cyrillic.
std::size_t character_count(std::string_view utf8);

// The longest beginning of valid UTF-8 that has at most `bytes` bytes and whole characters.
std::string_view whole_characters(std::string_view utf8, std::size_t bytes);

// Where the cells of a column stand. In columns of characters.
struct TableColumn {
  std::size_t width = 0;  // at least
  bool left = true;       // otherwise on the right
  std::size_t gap = 2;    // blanks before it
};

// One row without a newline: UTF-8 cells, at most one a column, no blanks at the end. A cell that is wider than its
// column moves those behind it.
std::string table_row(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells);

// Rows of UTF-8 cells in columns as wide as their widest cell.
class TextTable {
 public:
  // The first `left` columns stand on the left, the others on the right, two blanks apart.
  TextTable(const std::vector<std::string>& titles, std::size_t left);
  // One column for each title.
  TextTable(std::vector<std::string> titles, std::vector<TableColumn> columns);

  // At most as many cells as there are titles. They are shown as printable() has them.
  void add(std::vector<std::string> cells);
  // The titles and then the rows, each line with a newline.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<TableColumn> columns_;
};

// The last lines of a terminal, drawn anew in place, while other lines scroll by above them. They always end in a
// newline, so that what others print begins on a line of its own.
class StatusLines {
 public:
  // `terminal` must outlive the object.
  explicit StatusLines(std::FILE* terminal) : terminal_(terminal) {}

  // Prints `text`, which ends in a newline, above the lines.
  void print(std::string_view text);
  // Draws `lines` in place of those shown before; removes them when `lines` is empty. A line must be narrower than the
  // terminal.
  void show(std::vector<std::string> lines);

 private:
  void write(std::string_view text) const;

  std::FILE* terminal_;
  std::vector<std::string> lines_;
};

// The columns of the terminal that `stream` writes to: 80 when the terminal does not say, 0 when it is no terminal.
std::size_t terminal_columns(std::FILE* stream);

}  // namespace orrery
