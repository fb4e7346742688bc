#include "app/cli/job_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(JobFile, ReadsNamesValuesAndLines) {
  const std::vector<JobEntry> entries = parse_job_file(
      "# a job\r\n"
      "\n"
      "  cfg =2   # both branches\r\n"
      "out = /data/my run#1\n"
      "negative-prompt = \"a # b\\n\" # quoted\n"
      "empty =\n"
      "equals = a = b",
      "x.ini");
  struct Row {
    const char *name, *value;
    int line;
  };
  const std::vector<Row> expected{{"cfg", "2", 3},
                                  {"out", "/data/my run#1", 4},
                                  {"negative-prompt", "a # b\n", 5},
                                  {"empty", "", 6},
                                  {"equals", "a = b", 7}};
  ASSERT_EQ(entries.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(entries[i].name, expected[i].name);
    EXPECT_EQ(entries[i].value, expected[i].value);
    EXPECT_EQ(entries[i].line, expected[i].line);
  }
}

TEST(JobFile, RefusesWhatItCannotRead) {
  struct Row {
    const char *text, *expected;
  };
  for (const Row& row :
       std::initializer_list<Row>{{"\n[files]\n", "x.ini:2: sections are not supported"},
                                  {"force # on", "x.ini:1: \"name = value\" was expected, found \"force\""},
                                  {"= 3", "x.ini:1: a name is missing"},
                                  {"a = 1\nb = 2\na = 3", "x.ini:3: a: already set in line 1"},
                                  {"a = \"open", "x.ini:1: a: the closing quote is missing"},
                                  {"a = \"x\\", "x.ini:1: a: the closing quote is missing"},
                                  {"a = \"x\" y", "x.ini:1: a: text after the closing quote"},
                                  {"a = \"\\q\"", "x.ini:1: a: a value in double quotes must be a JSON string"}}) {
    EXPECT_THAT([&] { parse_job_file(row.text, "x.ini"); }, ThrowsMessage<InputError>(StartsWith(row.expected)))
        << row.text;
  }
}

TEST(JobFile, ValuesReadBack) {
  for (const char* value :
       {"", "plain text", " blanks ", "a # b", "#", "\"quoted\"", "two\nlines", "back\\slash", "a = b"}) {
    const std::vector<JobEntry> entries = parse_job_file(std::string("name = ") + job_value(value), "x.ini");
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].value, value);
  }
}

}  // namespace
}  // namespace orrery
