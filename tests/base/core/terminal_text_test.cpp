#include "base/core/terminal_text.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace orrery {
namespace {

struct Row {
  std::string text, valid, shown;
};

TEST(Printable, LetsNoTextActOnTheTerminal) {
  using namespace std::string_literals;
  for (const Row& row : {
           Row{"plain äß€😀\t", "plain äß€😀\t", "plain äß€😀\t"},
           {"\x1b[2J", "\x1b[2J", "\\u001b[2J"},
           {"a\nb\rc\x7f", "a\nb\rc\x7f", "a\\u000ab\\u000dc\\u007f"},
           {"\0"s, "\0"s, "\\u0000"},
           {"\xC2\x9B"
            "31m",
            "\xC2\x9B"
            "31m",
            "\\u009b31m"},                                                // the 8-bit form of ESC [
           {"\u202Etxt.exe", "\u202Etxt.exe", "\\u202etxt.exe"},          // from right to left
           {"mod\xE8le", "mod\uFFFDle", "mod\uFFFDle"},                   // Latin-1
           {"\xC0\x80", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},                  // overlong
           {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD"},  // a surrogate
           {"\xF0\x9F\x98", "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD"},  // cut short
       }) {
    EXPECT_EQ(valid_utf8(row.text), row.valid);
    EXPECT_EQ(printable(row.text), row.shown);
  }
}

TEST(Printable, CountsCharactersAndCutsBetweenThem) {
  EXPECT_EQ(character_count(""), 0U);
  EXPECT_EQ(character_count("aä€😀"), 4U);
  EXPECT_EQ(whole_characters("aä€", 6), "aä€");
  EXPECT_EQ(whole_characters("aä€", 5), "aä");
  EXPECT_EQ(whole_characters("aä€", 2), "a");
}

TEST(Printable, KeepsTheLinesOfMessages) { EXPECT_EQ(printable_lines("a\nb\x1b"), "a\nb\\u001b"); }

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

// What a terminal shows: lines, and the cursor behind the last one. It knows the two sequences that are used: up by N
// lines, and erase from here to the end.
class Screen {
 public:
  void take(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b') {
        i = obey(text, i);
      } else if (text[i] == '\n') {
        lines_.emplace_back();
        ++row_;
      } else if (text[i] != '\r') {
        lines_[row_] += text[i];
      }
    }
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::size_t obey(const std::string& text, std::size_t at) {
    const std::size_t end = text.find_first_of("AJ", at);
    if (text.at(end) == 'A') {
      row_ -= std::stoul(text.substr(at + 2));
    } else {
      lines_.resize(row_ + 1);
      lines_[row_].clear();
    }
    return end;
  }

  std::vector<std::string> lines_{""};
  std::size_t row_ = 0;
};

class StatusLinesTest : public testing::Test {
 protected:
  // What the terminal shows by now.
  std::vector<std::string> screen() {
    std::rewind(file_.get());
    std::string text;
    for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get())) text += static_cast<char>(c);
    Screen screen;
    screen.take(text);
    return screen.lines();
  }
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_{std::tmpfile()};
  StatusLines lines_{file_.get()};
};

using Lines = std::vector<std::string>;

TEST_F(StatusLinesTest, StayBelowWhatIsPrinted) {
  lines_.print("one\n");
  lines_.show({"clip", "manifest"});
  EXPECT_EQ(screen(), (Lines{"one", "clip", "manifest", ""}));
  lines_.print("two\n");
  EXPECT_EQ(screen(), (Lines{"one", "two", "clip", "manifest", ""}));
}

TEST_F(StatusLinesTest, AreDrawnInPlaceAndGo) {
  lines_.print("one\n");
  lines_.show({"a long line", "manifest"});
  lines_.show({"short"});
  EXPECT_EQ(screen(), (Lines{"one", "short", ""}));
  lines_.show({});
  EXPECT_EQ(screen(), (Lines{"one", ""}));
  lines_.print("end\n");
  EXPECT_EQ(screen(), (Lines{"one", "end", ""}));
}

TEST_F(StatusLinesTest, AFileIsNoTerminal) { EXPECT_EQ(terminal_columns(file_.get()), 0U); }

}  // namespace

}  // namespace orrery
