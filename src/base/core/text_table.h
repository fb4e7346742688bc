#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace orrery {

// Lays out rows of UTF-8 cells in columns as wide as their widest cell (character_count). The first `left` columns are
// left-aligned, the others right-aligned. Lines do not end in blanks.
class TextTable {
 public:
  TextTable(std::vector<std::string> titles, std::size_t left) : rows_{std::move(titles)}, left_(left) {}

  // Adds a row of as many cells as there are titles. Cells are shown as printable() has them.
  void add(std::vector<std::string> cells);
  // The titles and then the rows, each line with a newline.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::size_t left_;
};

}  // namespace orrery
