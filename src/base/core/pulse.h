#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace orrery {

// How far this process has come, told to whoever watches it from another thread (parallel/watchdog.h). There is one
// pulse in a process, since every folder's work counts and none should have to know who watches.

// A piece of work is done: a tensor was loaded, a collective entered, a frame written. Any thread; one atomic
// increment.
void beat() noexcept;

// While it lives, the main thread waits for other ranks. Main thread only; may be nested.
class Meeting {
 public:
  Meeting() noexcept;
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;
  ~Meeting();
};

// What the main thread works on, in the user's words: a clip or file, and what is done to it ("load", "decode").
void note_clip(const std::string& clip);
void note_phase(const std::string& phase);
// The phase is denoising, of which `done` of `all` steps are done; `first` were done before this run.
void note_steps(std::int64_t first, std::int64_t done, std::int64_t all);
// How long a step took, in seconds.
void note_step_time(double seconds) noexcept;
// From now on the main thread waits for a GPU, so that its CPU time no longer proves progress.
void note_gpu_work() noexcept;

// What the pulse says of the process at one moment.
struct PulseReading {
  std::uint64_t beats = 0;
  bool meeting = false;
  bool stepping = false;    // in denoising, with a step of the clip done by this run
  bool on_gpu = false;      // after note_gpu_work()
  double longest_step = 0;  // seconds; 0: none was made
  std::string clip;         // empty: none yet
  std::string phase;        // "load", or "step 3/35"
};

// Any thread.
PulseReading read_pulse();

// From now on `changed` is called when the pulse names another clip or phase, and when a clip's steps begin, but not
// for each step. It is called by the thread that names them, must be quick and must not throw. An empty `changed` ends
// the calls; none is under way when this returns. Any thread.
void on_place_change(std::function<void()> changed);

// Call when the job is lost and its processes are about to exit. What this process still computes may come from
// unfinished communication; so from now on PendingFile::commit, append_line and the end of a Meeting never return.
void forbid_writing() noexcept;

// Returns at once before forbid_writing(), and never afterwards.
void wait_if_job_is_lost();

}  // namespace orrery
