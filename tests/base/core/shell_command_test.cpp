#include "base/core/shell_command.h"

#include <gmock/gmock.h>

#include <csignal>

#include "base/core/stopwatch.h"

namespace orrery {
namespace {

using How = CommandEnd::How;

struct Ending {
  ShellCommand command;
  How how;
  int code;
  std::string first_line;
};

TEST(ShellCommand, EndsAsItDoes) {
  const std::vector<Ending> endings{
      {{"exit 3"}, How::Exited, 3, ""},
      {{"cat", {}, "  a line \nanother"}, How::Exited, 0, "a line"},
      {{"true", {}, std::string(1 << 20, 'x')}, How::Exited, 0, ""},
      {{"head -c 1000000 /dev/zero | tr '\\0' x", {}, ""}, How::Exited, 0, std::string(1000, 'x')},
      {{"printf %s", {"two words; 'quoted'"}}, How::Exited, 0, "two words; 'quoted'"},
      {{"echo first; exec >&-; sleep 0.1; exit 10"}, How::Exited, 10, "first"},
      {{"sleep 60 2>&- & echo left"}, How::Exited, 0, "left"},
      {{"kill -TERM $$"}, How::Killed, SIGTERM, ""},
      {{"no-such-program-at-all 2>/dev/null"}, How::Exited, 127, ""},
  };
  const Stopwatch watch;
  for (const Ending& expected : endings) {
    const CommandEnd end = run_command(expected.command);
    EXPECT_EQ(end.how, expected.how) << expected.command.command;
    EXPECT_EQ(end.code, expected.code) << expected.command.command;
    EXPECT_EQ(end.first_line, expected.first_line) << expected.command.command;
  }
  EXPECT_LT(watch.seconds(), 30) << "a process that was left behind was waited for";
}

TEST(ShellCommand, IsKilledWithItsChildrenWhenItTakesTooLong) {
  const Stopwatch watch;
  const CommandEnd end = run_command({"sh -c 'sleep 300'; echo done", {}, "", 0.1});
  EXPECT_EQ(text_of(end), "not done after 0 s");
  EXPECT_LT(watch.seconds(), 60);
}

TEST(ShellCommand, IsKilledWhenNobodyWaits) {
  int asked = 0;
  const CommandEnd end = run_command({"sleep 300"}, [&] { return ++asked == 3; });
  EXPECT_EQ(end.how, How::GivenUp);
  EXPECT_FALSE(end.exited_with(0));
}

}  // namespace
}  // namespace orrery
