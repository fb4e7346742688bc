#pragma once

#include <functional>
#include <string>
#include <vector>

namespace orrery {

// A command of the user, run by /bin/sh.
struct ShellCommand {
  std::string command;
  std::vector<std::string> arguments = {};  // appended to the command, each as one word
  std::string input = {};                   // content of its standard input
  double seconds = 60;                      // time limit [s], after which its process group is killed
};

// How a command ended.
struct CommandEnd {
  enum class How { Exited, Killed, TooLong, GivenUp };
  How how = How::Exited;
  int code = 0;            // the exit code, or the signal that killed it
  std::string first_line;  // first line of its output: at most 1000 bytes, trimmed
  double seconds = 0;

  bool exited_with(int wanted) const { return how == How::Exited && code == wanted; }
};

// "exit code 3", "killed by signal 9", "not done after 60 s", "given up"
std::string text_of(const CommandEnd& end);

// Runs the command in a process group of its own and waits for it; its standard error is this process's. `given_up` is
// called about every 10 ms: once it returns true, the command is killed. Thread-safe. Throws Error when the system
// cannot start a process.
CommandEnd run_command(
    const ShellCommand& command, const std::function<bool()>& given_up = [] { return false; });

}  // namespace orrery
