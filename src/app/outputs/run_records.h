#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/outputs/run_files.h"

namespace orrery {

// Failed clips with the same reason, numbers and names in it aside.
struct FailureGroup {
  std::string reason;  // of the first of them, as it stands
  std::vector<std::string> ids;
};

// What the records in a run's folder add up to, over all shards. Seconds are of the ranks' wall time; a request that
// was tried several times counts with all its tries.
struct RunRecords {
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t stopped = 0;               // begun, to be gone on with
  std::optional<std::int64_t> requested;  // of the manifest; none: no run said it
  std::vector<FailureGroup> failures;     // the largest first
  std::map<std::string, double> phases;   // seconds of the runs, by phase
  double seconds = 0;                     // of the runs
  double gpu_seconds = 0;                 // of the runs on GPUs, each clip's times the ranks that made it
  bool on_gpus = false;
  std::int64_t computed_steps = 0;      // of the clips that are done and had a step cache
  std::int64_t cached_steps = 0;        // of the same clips, all of them
  std::vector<std::string> done_times;  // when the clips that are done were finished: ISO 8601, UTC, oldest first

  std::optional<std::int64_t> remaining() const;  // failed ones and stopped ones included
};

// Throws InputError when `out` is not a folder, or has no records of a run.
RunRecords read_records(const std::filesystem::path& out);

}  // namespace orrery
