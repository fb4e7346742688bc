#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace orrery {

// Rows of UTF-8 cells in columns as wide as their widest cell: the first `left` columns on the left, the others on the
// right. The last column has no blanks behind it.
class TextTable {
 public:
  TextTable(std::vector<std::string> titles, std::size_t left) : rows_{std::move(titles)}, left_(left) {}

  // As many cells as there are titles. They are shown as printable() has them.
  void add(std::vector<std::string> cells);
  // Each line ends in a newline; the titles come first.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::size_t left_;
};

}  // namespace orrery
