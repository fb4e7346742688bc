#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace orrery {

// Progress of this process, for a thread that watches it (parallel/watchdog.h). There is one pulse in a process, since
// the work of every folder counts and none should have to know who watches.

// Counts a piece of work: a tensor was loaded, a collective entered, a frame written. Any thread may call it; it costs
// one atomic increment.
void beat() noexcept;

// Marks the main thread as waiting for other ranks while this object lives. Main thread only; may be nested.
class Meeting {
 public:
  Meeting() noexcept;
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;
  ~Meeting();
};

// Name what the main thread works on, in the user's words: a clip or file, and what is done to it ("load", "decode").
void note_clip(const std::string& clip);
void note_phase(const std::string& phase);
// Sets the phase to denoising: `done` of `all` steps are done, of which `first` were done before this run.
void note_steps(std::int64_t first, std::int64_t done, std::int64_t all);
// Records the duration of a step [s].
void note_step_time(double seconds) noexcept;
// Notes that from now on the main thread waits for a GPU, so that its CPU time no longer proves progress.
void note_gpu_work() noexcept;

// The pulse at one moment.
struct PulseReading {
  std::uint64_t beats = 0;
  bool meeting = false;
  bool stepping = false;    // denoising, and this run has done a step of the clip
  bool on_gpu = false;      // after note_gpu_work()
  double longest_step = 0;  // seconds; 0: no step was made
  std::string clip;         // empty: none yet
  std::string phase;        // "load", or "step 3/35"
};

// Reads the pulse. Any thread may call it.
PulseReading read_pulse();

// Calls `changed` from now on when the clip or phase changes and when a clip's steps begin, but not for each step. The
// thread that names the clip or phase makes the call, which must be quick and must not throw. An empty `changed` ends
// the calls; none is under way when this function returns. Any thread may call it.
void on_place_change(std::function<void()> changed);

// Call when the job is lost and its processes are about to exit. Results may then come from unfinished communication,
// so from now on PendingFile::commit, append_line and the end of a Meeting never return.
void forbid_writing() noexcept;

// Returns at once before forbid_writing(), and never afterwards.
void wait_if_job_is_lost();

}  // namespace orrery
