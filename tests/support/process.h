#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

// The program, found in PATH unless it has a slash, and its arguments. No shell reads them.
using CommandLine = std::vector<std::string>;

// How a program ended, and what it printed.
struct Ending {
  int exit_code = 0;  // 128 + N when signal N ended it, as shells say it
  std::string out;
  std::string err;
  double cpu_seconds = 0;  // user and system time of it and of the processes that it waited for
};

// A program's main.
using Main = int (*)(int argc, char** argv);

// From now on a command whose program is `path` runs as `main` in a fork of this process: the same program with its
// libraries loaded already, which otherwise takes half a second of a core at every start. Where this process has other
// threads, of which a fork has none, `path` is started instead.
void run_in_forks(const std::string& path, Main main);

// User and system time that a process has used so far, in seconds; 0 when it is gone.
double cpu_seconds_of(pid_t pid);

// A program that runs beside the test, without input.
class Process {
 public:
  // Throws Error when no process can be started; a program that is not there ends with 127.
  explicit Process(const CommandLine& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills and waits for a program that was not waited for.
  ~Process();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  bool has_ended() const;
  // What it has printed on standard error so far.
  std::string errors_so_far() const;
  // Once.
  Ending wait();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // Files, since two pipes would have to be read at the same time.
  std::unique_ptr<std::FILE, Close> out_;
  std::unique_ptr<std::FILE, Close> err_;
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
