#include "base/core/shell_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "base/core/error.h"
#include "base/core/handle.h"
#include "base/core/stopwatch.h"

extern char** environ;

namespace orrery {
namespace {

constexpr std::size_t kKeptOutput = 1000;  // bytes
constexpr int kNapMilliseconds = 10;

// An in-memory file with this content, positioned at its beginning. Unlike a pipe, it may be left unread.
Descriptor memory_file(std::string_view content) {
  Descriptor file(::memfd_create("orrery-input", MFD_CLOEXEC));
  bool done = !file.empty();
  while (done && !content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    done = written > 0;
    if (done) content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!done || ::lseek(file.get(), 0, SEEK_SET) != 0) fail("hold the input of a command", std::strerror(errno));
  return file;
}

struct Pipe {
  Descriptor out, in;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("make a pipe", std::strerror(errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Attributes for posix_spawn: a process group of its own, no signal blocked or ignored.
class SpawnOptions {
 public:
  SpawnOptions(int input, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  pid_t spawn(const std::vector<std::string>& words) const {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    pid_t process = 0;
    const int error = ::posix_spawn(&process, "/bin/sh", &actions_, &attributes_, pointers.data(), environ);
    if (error != 0) fail("start /bin/sh", std::strerror(error));
    return process;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

pid_t start(const ShellCommand& command, int input, int output) {
  std::vector<std::string> words{"/bin/sh", "-c", command.command};
  if (!command.arguments.empty()) words.back() += " \"$@\"";
  words.emplace_back("sh");
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  return SpawnOptions(input, output).spawn(words);
}

// Waits at most kNapMilliseconds for output, of which it keeps the beginning; returns at once when there is some, and
// when no more can come.
void read_some(int output, std::string& kept) {
  pollfd waiting{output, POLLIN, 0};
  if (::poll(&waiting, 1, kNapMilliseconds) <= 0) return;
  std::array<char, 4096> bytes{};
  const ssize_t size = ::read(output, bytes.data(), bytes.size());
  if (size <= 0) {
    ::poll(nullptr, 0, kNapMilliseconds);  // the command closed its output, but still runs
    return;
  }
  kept.append(bytes.data(), std::min(static_cast<std::size_t>(size), kKeptOutput - std::min(kKeptOutput, kept.size())));
}

std::string first_line_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text = text.substr(0, text.find('\n'));
  return std::string(text.substr(0, text.find_last_not_of(kBlanks) + 1));
}

void set_status(int status, CommandEnd& end) {
  end.how = WIFEXITED(status) ? CommandEnd::How::Exited : CommandEnd::How::Killed;
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

}  // namespace

std::string text_of(const CommandEnd& end) {
  switch (end.how) {
    case CommandEnd::How::Exited:
      return fmt::format("exit code {}", end.code);
    case CommandEnd::How::Killed:
      return fmt::format("killed by signal {}", end.code);
    case CommandEnd::How::TooLong:
      return fmt::format("not done after {:.0f} s", end.seconds);
    default:
      return "given up";
  }
}

CommandEnd run_command(const ShellCommand& command, const std::function<bool()>& given_up) {
  const Stopwatch watch;
  const Descriptor input = memory_file(command.input);
  Pipe output = make_pipe();
  const pid_t process = start(command, input.get(), output.in.get());
  output.in.reset();
  CommandEnd end;
  std::string kept;
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    const bool too_long = watch.seconds() > command.seconds;
    if (too_long || given_up()) {
      ::kill(-process, SIGKILL);
      ::waitpid(process, &status, 0);
      end.how = too_long ? CommandEnd::How::TooLong : CommandEnd::How::GivenUp;
      end.seconds = watch.seconds();
      return end;
    }
    read_some(output.out.get(), kept);
  }
  set_status(status, end);
  // Reads the rest of its output without blocking: processes that it left behind may hold the pipe open.
  ::fcntl(output.out.get(), F_SETFL, O_NONBLOCK);
  for (std::size_t before = kept.size() + 1; before != kept.size();) {
    before = kept.size();
    read_some(output.out.get(), kept);
  }
  end.first_line = first_line_of(kept);
  end.seconds = watch.seconds();
  return end;
}

}  // namespace orrery
