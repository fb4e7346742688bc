#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

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
