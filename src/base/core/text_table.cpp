#include "base/core/text_table.h"

#include <algorithm>
#include <utility>

#include "base/core/printable.h"

namespace orrery {
namespace {

std::vector<TableColumn> plain_columns(std::size_t count, std::size_t left) {
  std::vector<TableColumn> columns(count);
  for (std::size_t i = left; i < count; ++i) columns[i].left = false;
  if (count > 0) columns.front().gap = 0;
  return columns;
}

}  // namespace

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

}  // namespace orrery
