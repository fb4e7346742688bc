#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace orrery {

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

}  // namespace orrery
