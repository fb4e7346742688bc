#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// `text` with U+FFFD in place of every byte that is not UTF-8: file names may have such bytes, JSON and HDF5 may not.
std::string valid_utf8(std::string_view text);

// `text` made safe for a terminal, which foreign text (prompts, file names) must not control: valid_utf8() with control
// characters and changes of writing direction written as \u001b. Tabs stay.
std::string printable(std::string_view text);

// Like printable(), but newlines stay too.
std::string printable_lines(std::string_view text);

// How many characters valid UTF-8 has: its width in columns where each takes one, as in Latin, Greek and Cyrillic.
std::size_t character_count(std::string_view utf8);

// The longest prefix of valid UTF-8 that has at most `bytes` bytes and ends with a whole character.
std::string_view whole_characters(std::string_view utf8, std::size_t bytes);

// Layout of one column of a table [characters].
struct TableColumn {
  std::size_t width = 0;  // minimum
  bool left = true;       // left-aligned; otherwise right-aligned
  std::size_t gap = 2;    // blanks before it
};

// One row without a newline or blanks at its end. At most one UTF-8 cell for each column. A cell that is wider than its
// column shifts the cells after it.
std::string table_row(const std::vector<TableColumn>& columns, const std::vector<std::string>& cells);

// Rows of UTF-8 cells in columns as wide as their widest cell.
class TextTable {
 public:
  // Left-aligns the first `left` columns and right-aligns the remaining ones, two blanks apart.
  TextTable(const std::vector<std::string>& titles, std::size_t left);
  // One column for each title.
  TextTable(std::vector<std::string> titles, std::vector<TableColumn> columns);

  // Adds a row of at most as many cells as there are titles; printable() is applied to each cell.
  void add(std::vector<std::string> cells);
  // The titles, then the rows; every line ends in a newline.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<TableColumn> columns_;
};

// The last lines of a terminal, redrawn in place, while other lines scroll by above them. They always end in a newline,
// so that text printed by anything else begins on a line of its own.
class StatusLines {
 public:
  // `terminal` must outlive the object.
  explicit StatusLines(std::FILE* terminal) : terminal_(terminal) {}

  // Prints `text`, which ends in a newline, above the lines.
  void print(std::string_view text);
  // Replaces the lines shown before by `lines`; removes them when `lines` is empty. A line must be narrower than the
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
