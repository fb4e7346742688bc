#include "support/background.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <utility>

#include "base/core/error.h"

namespace orrery {
namespace {

// In the other process. SIGTERM, which it has blocked, is the word to leave.
[[noreturn]] void live(const std::function<std::shared_ptr<void>()>& make, int ready) {
  sigset_t leave;
  ::sigemptyset(&leave);
  ::sigaddset(&leave, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &leave, nullptr);
  try {
    std::shared_ptr<void> held = make();
    const char byte = 1;
    if (::write(ready, &byte, 1) != 1) ::_exit(1);
    int signal = 0;
    ::sigwait(&leave, &signal);
    held.reset();
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

Background::Background(const std::function<std::shared_ptr<void>()>& make) {
  std::array<int, 2> ends{};
  require(::pipe(ends.data()) == 0, "no pipe to another process");
  pid_ = ::fork();
  require(pid_ >= 0, "no other process");
  if (pid_ == 0) live(make, ends[1]);
  ::close(ends[1]);
  char byte = 0;
  const bool is_ready = ::read(ends[0], &byte, 1) == 1;
  ::close(ends[0]);
  if (!is_ready) kill();
  require(is_ready, "the other process could not make what it was to hold");
}

void Background::kill() { end_with(SIGKILL); }
void Background::leave() { end_with(SIGTERM); }

void Background::end_with(int signal) {
  if (pid_ < 0) return;
  ::kill(pid_, signal);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace orrery
