// Jobs that lose a rank, seen from outside: how they end and what they say. A job that did not end would hang the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/process.h"

namespace orrery {
namespace {

using testing::HasSubstr;

struct Case {
  const char* way;
  int rank;
  int ranks;
  int exit_code;
  const char* said;  // "": nothing
};

Ending probe(const Case& c) {
  std::istringstream words(ORRERY_TEST_MPIRUN);
  CommandLine command;
  for (std::string word; words >> word;) command.push_back(word);
  for (const std::string& word : {std::string("-n"), std::to_string(c.ranks), std::string(ORRERY_WATCHDOG_PROBE),
                                  std::string(c.way), std::to_string(c.rank)}) {
    command.push_back(word);
  }
  return run_program(command);
}

int error_lines(const std::string& text) {
  int count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) count += line.starts_with("orrery: error: ") ? 1 : 0;
  return count;
}

class Watched : public testing::TestWithParam<Case> {};

TEST_P(Watched, EndsWithOneMessage) {
  const Case& c = GetParam();
  const Ending ending = probe(c);
  EXPECT_EQ(ending.exit_code, c.exit_code) << ending.err;
  const std::string said(c.said);
  EXPECT_EQ(error_lines(ending.err), said.empty() ? 0 : 1) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr(said));
  if (!said.empty() && std::string(c.way) != "throws") {
    const std::string step = std::string(c.way).ends_with("_later") ? "6" : "3";
    EXPECT_THAT(ending.err, HasSubstr("; it was at clip7, step " + step + "/35"));
  }
  EXPECT_EQ(ending.out, c.exit_code == 0 ? "done\n" : "");
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Watched,
    testing::Values(Case{"finishes", 0, 1, 0, ""}, Case{"finishes", 0, 4, 0, ""},
                    Case{"throws", 1, 3, 3, "orrery: error: rank 1: the device fell off\n"},
                    Case{"throws", 0, 3, 3, "orrery: error: the device fell off\n"},
                    Case{"killed", 0, 3, 137, "is gone: its process has ended"},
                    Case{"killed", 2, 3, 137, "is gone: its process has ended"},
                    Case{"crashes", 1, 2, 139, "is gone: its process has ended"},
                    Case{"stopped", 0, 3, 3, "has given no sign of life for"},
                    Case{"stopped", 1, 2, 3, "has given no sign of life for"},
                    Case{"hangs", 0, 2, 3, "has made no progress for"},
                    Case{"hangs", 2, 3, 3, "has made no progress for"}, Case{"hangs", 0, 1, 3, "rank 0 on"},
                    Case{"stopped_later", 1, 2, 3, "has given no sign of life for"},
                    Case{"hangs_later", 1, 2, 3, "has made no progress for"}, Case{"changes", 1, 2, 0, ""},
                    Case{"waits", 1, 2, 3, "has waited for other ranks for"}),
    [](const auto& test) {
      return test.param.way + std::to_string(test.param.rank) + "Of" + std::to_string(test.param.ranks);
    });

}  // namespace
}  // namespace orrery
