// How jobs end, seen from outside: the exit code and what is said on standard error. A job that does not end hangs
// here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace orrery {
namespace {

using testing::HasSubstr;

struct Ending {
  int exit_code = 0;
  int error_lines = 0;
  std::string text;
};

Ending watch(const std::string& command) {
  Ending ending;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    const std::string_view text = line.data();
    ending.text += text;
    if (text.starts_with("orrery: error: ")) ++ending.error_lines;
  }
  const int status = ::pclose(pipe);
  ending.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ending;
}

std::string launch(int ranks, const std::string& program) {
  return std::string(ORRERY_TEST_MPIRUN) + " -n " + std::to_string(ranks) + " " + program;
}

struct Case {
  const char* way;
  int ranks;
  int exit_code;
  const char* said;
};

class Abort : public testing::TestWithParam<Case> {};

TEST_P(Abort, IsToldOnceAndEndsTheJob) {
  const Case& c = GetParam();
  const Ending ending = watch(launch(c.ranks, std::string(ORRERY_ABORT_PROBE) + " " + c.way));
  EXPECT_EQ(ending.exit_code, c.exit_code) << ending.text;
  EXPECT_EQ(ending.error_lines, c.exit_code == 0 ? 0 : 1) << ending.text;
  EXPECT_THAT(ending.text, HasSubstr(c.said));
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Abort,
    testing::Values(Case{"nobody", 4, 0, ""}, Case{"last", 4, 3, "orrery: error: rank 3: the device fell off\n"},
                    Case{"root", 4, 3, "orrery: error: the device fell off\n"},
                    Case{"all", 4, 3, "orrery: error: the device fell off\n"},
                    Case{"all", 8, 3, "orrery: error: the device fell off\n"},
                    Case{"grid", 4, 2,
                         "orrery: error: cfg x sp x tp = 1 x 1 x 99 = 99, but the launcher started 4 ranks"},
                    Case{"from_root", 4, 2, "orrery: error: manifest:3: no id\n"},
                    Case{"unwind", 2, 3, "orrery: error: rank 1: an exception left the MPI session\n"}),
    [](const auto& test) { return test.param.way + std::to_string(test.param.ranks); });

TEST(AbortAlone, WorksWithoutALauncher) {
  EXPECT_EQ(watch(std::string(ORRERY_ABORT_PROBE) + " nobody").exit_code, 0);
  const Ending ending = watch(std::string(ORRERY_ABORT_PROBE) + " all");
  EXPECT_EQ(ending.exit_code, 3);
  EXPECT_EQ(ending.error_lines, 1) << ending.text;
}

struct VerdictCase {
  const char* test;
  const char* said;
};

class Verdict : public testing::TestWithParam<VerdictCase> {};

TEST_P(Verdict, ComesFromAllRanks) {
  const VerdictCase& c = GetParam();
  const Ending ending = watch(launch(3, std::string(ORRERY_VERDICT_PROBE) + " --gtest_filter=Verdict." + c.test));
  EXPECT_EQ(ending.exit_code == 0, std::string(c.test) == "Passes") << ending.text;
  EXPECT_THAT(ending.text, HasSubstr(c.said));
}

INSTANTIATE_TEST_SUITE_P(Tests, Verdict,
                         testing::Values(VerdictCase{"Passes", "  PASSED  "},
                                         VerdictCase{"FailsOnTheLastRank", "seen on the last rank"},
                                         VerdictCase{"ThrowsOnTheLastRank", "rank 2: thrown on the last rank"},
                                         VerdictCase{"EndsEarlyOnTheLastRank", "seen on the last rank"}),
                         [](const auto& test) { return std::string(test.param.test); });

}  // namespace
}  // namespace orrery
