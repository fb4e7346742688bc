#include "base/core/text_table.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(TextTable, LinesUpCharactersNotBytes) {
  TextTable table({"name", "n"}, 1);
  table.add({"é", "10"});
  table.add({"ab", "7"});
  EXPECT_EQ(table.text(), "name   n\né     10\nab     7\n");
}

TEST(TextTable, HasTheColumnsThatItIsGiven) {
  TextTable table({"name", "n", ""}, {{.gap = 0}, {.width = 5, .left = false, .gap = 0}, {}});
  table.add({"a", "10", "failed"});
  table.add({"longer", "7"});
  EXPECT_EQ(table.text(), "name      n\na        10  failed\nlonger    7\n");
}

TEST(TableRow, PushesWhatIsBehindAWideCell) {
  const std::vector<TableColumn> columns{{.width = 3, .gap = 1}, {.width = 3, .left = false}};
  EXPECT_EQ(table_row(columns, {"a", "b"}), " a      b");
  EXPECT_EQ(table_row(columns, {"abcd", "b"}), " abcd    b");
  EXPECT_EQ(table_row(columns, {"a", ""}), " a");
  EXPECT_EQ(table_row(columns, {}), "");
}

}  // namespace
}  // namespace orrery
