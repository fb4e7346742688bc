#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/outputs/run_files.h"

namespace orrery {

// Failed clips with the same reason, apart from numbers and names in it.
struct FailureGroup {
  std::string reason;  // the unchanged reason of the first clip
  std::vector<std::string> ids;
};

// The records in a run's folder, summed over all shards. Seconds are wall time of the ranks, and include all tries of a
// request.
struct RunRecords {
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t stopped = 0;               // stopped before the end, to be resumed
  std::optional<std::int64_t> requested;  // requests in the manifest; none: not recorded
  std::vector<FailureGroup> failures;     // largest first
  std::map<std::string, double> phases;   // seconds of all runs, by phase
  double seconds = 0;                     // total of all runs
  double gpu_seconds = 0;                 // of runs on GPUs: each clip's seconds times its ranks
  bool on_gpus = false;
  std::int64_t computed_steps = 0;      // in finished clips with a step cache
  std::int64_t cached_steps = 0;        // all steps of these clips
  std::vector<std::string> done_times;  // when clips were finished: ISO 8601, UTC, oldest first

  std::optional<std::int64_t> remaining() const;  // includes failed and stopped clips
};

// Reads all records in `out`. Throws InputError when `out` is not a folder or has no records of a run.
RunRecords read_records(const std::filesystem::path& out);

}  // namespace orrery
