#include "base/parallel/stop_signals.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kPatience = 1'000'000'000;  // nanoseconds

std::atomic<int> noted{0};
std::atomic<std::int64_t> noted_at{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t nanoseconds_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void note_signal(int signal) {
  int none = 0;
  if (noted.compare_exchange_strong(none, signal)) {
    noted_at = nanoseconds_now();
  } else if (signal == SIGINT && nanoseconds_now() - noted_at > kPatience) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
}

}  // namespace

void note_stop_signals() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;  // libraries do not expect their reads and writes to be interrupted
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    if (::sigaction(signal, &action, nullptr) != 0) fail("listen for signals", std::strerror(errno));
  }
}

int noted_stop_signal() noexcept { return noted; }

}  // namespace orrery
