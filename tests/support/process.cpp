#include "support/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "base/core/error.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// The program shares the file's position, which is left alone.
std::string content_of(std::FILE* file) {
  std::string text;
  char part[4096];
  while (true) {
    const ssize_t count = ::pread(::fileno(file), part, sizeof part, static_cast<off_t>(text.size()));
    if (count <= 0) return text;
    text.append(part, static_cast<std::size_t>(count));
  }
}

std::map<std::string, Main>& forked_programs() {
  static std::map<std::string, Main> programs;
  return programs;
}

bool has_threads() {
  const fs::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks)) > 1;
}

// The main of a program that may run in a fork; null: it has to be started.
Main main_of(const std::string& program) {
  const auto found = forked_programs().find(program);
  return found == forked_programs().end() || has_threads() ? nullptr : found->second;
}

// Ends without the destructors of the test's own objects.
[[noreturn]] void run_here(Main main, std::vector<char*>& arguments) {
  const int exit_code = main(static_cast<int>(arguments.size()) - 1, arguments.data());
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(exit_code);
}

[[noreturn]] void become(Main main, std::vector<char*>& arguments, int out, int err) {
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (main != nullptr) run_here(main, arguments);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

void run_in_forks(const std::string& path, Main main) { forked_programs()[path] = main; }

double cpu_seconds_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Process::Process(const CommandLine& command) : out_(std::tmpfile()), err_(std::tmpfile()) {
  require(out_ != nullptr && err_ != nullptr, "no temporary file for a program's output");
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const Main main = main_of(command.front());
  std::cout.flush();
  std::fflush(nullptr);  // or the fork would print it once more
  pid_ = ::fork();
  require(pid_ >= 0, std::string("start ") + command.front() + ": " + std::strerror(errno));
  if (pid_ == 0) become(main, arguments, ::fileno(out_.get()), ::fileno(err_.get()));
}

Process::~Process() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const { ::kill(pid_, number); }

bool Process::has_ended() const {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return info.si_pid == pid_;
}

std::string Process::errors_so_far() const { return content_of(err_.get()); }

Ending Process::wait() {
  int status = 0;
  rusage usage{};
  require(::wait4(pid_, &status, 0, &usage) == pid_, std::string("wait for a program: ") + std::strerror(errno));
  pid_ = -1;
  Ending ending;
  ending.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ending.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  ending.out = content_of(out_.get());
  ending.err = content_of(err_.get());
  return ending;
}

Ending run_program(const CommandLine& command) { return Process(command).wait(); }

std::vector<RunningProgram> running_programs(const std::string& text) {
  std::vector<RunningProgram> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    // A process that ended since it was listed has nothing to read; one that ends now fails the read, which getline
    // notes in the stream, where an iterator of its buffer would throw.
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::string line;
    std::getline(file, line);
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find(text) != std::string::npos) found.push_back({std::stoi(name), line});
  }
  return found;
}

}  // namespace orrery
