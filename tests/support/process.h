#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/stopwatch.h"

namespace orrery {

// The program, found in PATH unless it has a slash, and its arguments. No shell reads them.
using CommandLine = std::vector<std::string>;

// How a program ended, and what it printed.
struct Ending {
  int exit_code = 0;  // 128 + N when signal N ended it, as shells say it
  std::string out;
  std::string err;
  double seconds = 0;
};

// A program that runs beside the test, without input.
class Process {
 public:
  // Throws Error when no process can be started; a program that is not there ends with 127.
  explicit Process(const CommandLine& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills and waits for a program that was not waited for.
  ~Process();

  void signal(int number) const;
  bool has_ended() const;
  // Once.
  Ending wait();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // Files, since two pipes would have to be read at the same time.
  std::unique_ptr<std::FILE, Close> out_;
  std::unique_ptr<std::FILE, Close> err_;
  Stopwatch watch_;
  pid_t pid_ = -1;
};

// Starts a program and waits for its end.
Ending run_program(const CommandLine& command);

struct RunningProgram {
  pid_t pid = -1;
  std::string command;  // arguments joined by spaces
};

// The processes of this machine whose command line has `text` in it.
std::vector<RunningProgram> running_programs(const std::string& text);

}  // namespace orrery
