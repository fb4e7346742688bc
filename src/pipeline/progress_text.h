#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

// How far a clip is.
struct ClipProgress {
  std::string label;       // "[3/120] drive-0003"
  std::string phase;       // what happens beside its steps: "text", "decode"; empty: its steps
  std::int64_t steps = 0;  // in all
  std::int64_t done = 0;
  double seconds_per_step = 0;  // 0: not known yet
  double seconds_left = 0;
};

// How far a manifest is.
struct RunProgress {
  std::int64_t wanted = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  double share = 0;                    // of the work, 0 to 1
  double clips_per_hour = 0;           // 0: not known yet
  std::optional<double> seconds_left;  // none: not known yet
};

// "step 12/35, 2.90 s/step, 1 min 07 s left"
std::string steps_text(const ClipProgress& clip);
// "3 of 120 done, 1 failed, 20.4 clips/h, 5 h 53 min left"
std::string run_text(const RunProgress& run);

// Both for a terminal, one below the other: the label, a bar where there is room for it, and the text, in less than
// `columns` columns.
std::vector<std::string> status_lines(const ClipProgress& clip, const RunProgress& run, std::size_t columns);

}  // namespace orrery
