#include "base/core/pulse.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace orrery {
namespace {

struct Pulse {
  std::atomic<std::uint64_t> beats{0};
  std::atomic<int> meetings{0};
  std::atomic<double> longest_step{0};
  std::atomic<bool> on_gpu{false};
  std::mutex mutex;  // guards the members below
  std::string clip;
  std::string phase;
  std::int64_t first_step = 0;
  std::int64_t steps_done = 0;
  std::int64_t steps = 0;  // 0: not in denoising
};

Pulse pulse;

// The callback of on_place_change(). It has a mutex of its own, since the callback may read the pulse.
struct Listener {
  std::mutex mutex;
  std::function<void()> changed;
};

Listener listener;

void tell_of_change() {
  const std::lock_guard lock(listener.mutex);
  if (listener.changed) listener.changed();
}

std::atomic<bool> lost{false};

}  // namespace

void on_place_change(std::function<void()> changed) {
  const std::lock_guard lock(listener.mutex);
  listener.changed = std::move(changed);
}

void beat() noexcept { pulse.beats.fetch_add(1, std::memory_order_relaxed); }

Meeting::Meeting() noexcept {
  beat();
  pulse.meetings.fetch_add(1, std::memory_order_relaxed);
}

// A stopped process continues when its launcher ends it, which releases the ranks that waited for it in a collective:
// they must not go on when the job is lost.
Meeting::~Meeting() {
  wait_if_job_is_lost();
  pulse.meetings.fetch_sub(1, std::memory_order_relaxed);
  beat();
}

void note_clip(const std::string& clip) {
  {
    const std::lock_guard lock(pulse.mutex);
    pulse.clip = clip;
    beat();
  }
  tell_of_change();
}

void note_phase(const std::string& phase) {
  {
    const std::lock_guard lock(pulse.mutex);
    pulse.phase = phase;
    pulse.steps = 0;
    beat();
  }
  tell_of_change();
}

void note_steps(std::int64_t first, std::int64_t done, std::int64_t all) {
  bool begins = false;
  {
    const std::lock_guard lock(pulse.mutex);
    begins = pulse.steps == 0;
    pulse.first_step = first;
    pulse.steps_done = done;
    pulse.steps = all;
    beat();
  }
  if (begins) tell_of_change();
}

void note_step_time(double seconds) noexcept {
  if (seconds > pulse.longest_step) pulse.longest_step = seconds;
}

void note_gpu_work() noexcept { pulse.on_gpu = true; }

PulseReading read_pulse() {
  PulseReading reading;
  reading.beats = pulse.beats;
  reading.meeting = pulse.meetings > 0;
  reading.longest_step = pulse.longest_step;
  reading.on_gpu = pulse.on_gpu;
  const std::lock_guard lock(pulse.mutex);
  reading.clip = pulse.clip;
  reading.phase = pulse.phase;
  if (pulse.steps == 0) return reading;
  reading.stepping = pulse.steps_done > pulse.first_step;
  const std::int64_t at = pulse.steps_done < pulse.steps ? pulse.steps_done + 1 : pulse.steps;
  reading.phase = fmt::format("step {}/{}", at, pulse.steps);
  return reading;
}

void forbid_writing() noexcept { lost = true; }

void wait_if_job_is_lost() {
  while (lost) std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace orrery
