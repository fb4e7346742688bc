#include "base/core/job_end.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace orrery {
namespace {

std::atomic<bool> lost{false};

}  // namespace

void forbid_writing() noexcept { lost = true; }

void wait_if_job_is_lost() {
  while (lost) std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace orrery
