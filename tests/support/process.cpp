#include "support/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::string content_of(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char part[4096];
  while (const std::size_t count = std::fread(part, 1, sizeof part, file)) text.append(part, count);
  return text;
}

[[noreturn]] void become(char* const* arguments, int out, int err) {
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Process::Process(const CommandLine& command) : out_(std::tmpfile()), err_(std::tmpfile()) {
  require(out_ != nullptr && err_ != nullptr, "no temporary file for a program's output");
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  require(pid_ >= 0, std::string("start ") + command.front() + ": " + std::strerror(errno));
  if (pid_ == 0) become(arguments.data(), ::fileno(out_.get()), ::fileno(err_.get()));
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

Ending Process::wait() {
  int status = 0;
  require(::waitpid(pid_, &status, 0) == pid_, std::string("wait for a program: ") + std::strerror(errno));
  pid_ = -1;
  Ending ending;
  ending.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ending.seconds = watch_.seconds();
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
    // A process may be gone by now: then there is nothing to read.
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find(text) != std::string::npos) found.push_back({std::stoi(name), line});
  }
  return found;
}

}  // namespace orrery
