#pragma once

#include <functional>
#include <string>
#include <vector>

namespace orrery {

// A command of the user's for /bin/sh.
struct ShellCommand {
  std::string command;
  std::vector<std::string> arguments = {};  // put behind the command, each as one word
  std::string input = {};                   // what its standard input holds
  double seconds = 60;                      // after which it is killed with all processes of its group
};

// How a command ended.
struct CommandEnd {
  enum class How { Exited, Killed, TooLong, GivenUp };
  How how = How::Exited;
  int code = 0;            // of an exit, or the signal that killed it
  std::string first_line;  // of its output, at most 1000 bytes, without white space around it
  double seconds = 0;

  bool exited_with(int wanted) const { return how == How::Exited && code == wanted; }
};

// "exit code 3", "killed by signal 9", "not done after 60 s", "given up"
std::string text_of(const CommandEnd& end);

// Runs the command in a process group of its own and waits for it; its standard error is this process's. `given_up` is
// asked every hundredth of a second: once it is true, the command is killed. Thread-safe. Throws Error when the system
// cannot start a process.
CommandEnd run_command(
    const ShellCommand& command, const std::function<bool()>& given_up = [] { return false; });

}  // namespace orrery
