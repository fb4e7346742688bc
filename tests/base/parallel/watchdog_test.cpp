// Jobs that lose a rank, seen from outside: how they end and what they say. A job that did not end would hang the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "base/core/error.h"
#include "support/process.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;

struct Case {
  const char* way;
  int rank;
  int ranks;
  int exit_code;
  const char* said;  // "": nothing
};

// The states of a process' children, a letter each as ps shows them: "ZZ" when both have ended and were not waited for.
std::string states_of_children(pid_t parent) {
  std::string states;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    if (!std::getline(stat, line)) continue;
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    char state = 0;
    pid_t its_parent = 0;
    if (fields >> state >> its_parent && its_parent == parent) states += state;
  }
  return states;
}

// Nothing when the launcher itself hung: with PMIx 4.2.2, Open MPI's mpirun may wait for a lock of its own in
// PMIx_server_finalize (once in some 150 jobs that were aborted), after all ranks have ended.
std::optional<Ending> run_unless_launcher_hangs(const CommandLine& command) {
  Process job(command);
  bool has_begun = false;  // later no child at all means that all were waited for
  for (int looks_at_the_dead = 0; !job.has_ended();) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::string states = states_of_children(job.pid());
    has_begun |= !states.empty();
    const bool all_dead = has_begun && states.find_first_not_of('Z') == std::string::npos;
    looks_at_the_dead = all_dead ? looks_at_the_dead + 1 : 0;
    if (looks_at_the_dead == 300) return std::nullopt;  // ~Process ends it
  }
  return job.wait();
}

Ending probe(const Case& c) {
  std::istringstream words(ORRERY_TEST_MPIRUN);
  CommandLine command;
  for (std::string word; words >> word;) command.push_back(word);
  for (const std::string& word : {std::string("-n"), std::to_string(c.ranks), std::string(ORRERY_WATCHDOG_PROBE),
                                  std::string(c.way), std::to_string(c.rank)}) {
    command.push_back(word);
  }
  std::optional<Ending> ending;
  for (int i = 0; i < 3 && !ending; ++i) ending = run_unless_launcher_hangs(command);
  require(ending.has_value(), "mpirun hung three times in a row, after its ranks had ended");
  return *ending;
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
  // A rank that a signal ends, and rank 0 that ends for it with a 3: mpirun tells of the one that it notices first.
  EXPECT_THAT(ending.exit_code, AnyOf(c.exit_code, c.exit_code > 128 ? 3 : c.exit_code)) << ending.err;
  const std::string said(c.said);
  EXPECT_EQ(error_lines(ending.err), said.empty() ? 0 : 1) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr(said));
  if (!said.empty() && std::string(c.way) != "throws" && std::string(c.way) != "refuse") {
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
                    Case{"refuse", 99, 3, 2, "orrery: error: no such grid\n"},
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

// A launcher kills ranks after a stop signal, say: rank 0, whose work is on disk, does not call that a loss. What
// mpirun makes of a killed rank is its own affair.
TEST(WatchedEnd, OfARankWhenTheWorkIsDoneIsNoLoss) {
  const Ending ending = probe({"ends_badly", 1, 3, 0, ""});
  EXPECT_EQ(error_lines(ending.err), 0) << ending.err;
  EXPECT_EQ(ending.out, "done\n");
}

}  // namespace
}  // namespace orrery
