#include "base/core/text_table.h"

#include <algorithm>
#include <utility>

#include "base/core/printable.h"

namespace orrery {
void TextTable::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], character_count(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t blanks = widths[i] - character_count(row[i]);
      if (i > 0) line += "  ";
      if (i >= left_) line.append(blanks, ' ');
      line += row[i];
      if (i < left_) line.append(blanks, ' ');
    }
    text.append(line.substr(0, line.find_last_not_of(' ') + 1)).append("\n");
  }
  return text;
}

}  // namespace orrery
