#include "base/core/printable.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace orrery
