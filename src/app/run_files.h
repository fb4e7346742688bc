#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/stopwatch.h"

namespace orrery {

enum class ResultStatus { Done, Failed };

// One line of OUT/results.jsonl.
struct RequestResult {
  std::string id;
  ResultStatus status = ResultStatus::Done;
  std::string error;               // why it failed; empty when done
  std::vector<std::string> files;  // relative to OUT
  PhaseTimes seconds;
  std::int64_t peak_memory = 0;  // bytes on rank 0's device, or of its process on a CPU; 0: not measured
  std::string latent_checksum;
};

// What OUT/run.json says about the run beside its options and versions.
struct RunFacts {
  Json topology;    // ranks, cfg, tp, device, dtype, host names
  Json checkpoint;  // folder, fingerprint, sizes
};

// The records of a run in OUT. One process writes them.
class RunFiles {
 public:
  explicit RunFiles(std::filesystem::path out) : out_(std::move(out)) {}

  std::filesystem::path run_path() const { return out_ / "run.json"; }
  std::filesystem::path results_path() const { return out_ / "results.jsonl"; }

  // Replaces run.json. `config` is dump_config's text, stored as it is: saved to a file, it repeats the run. Throws
  // Error.
  void write_run(const std::string& config, const Json& versions, const RunFacts& facts) const;

  // Appends one line and fsyncs. Half a line at the end, left by a killed run, is cut off first. Throws Error.
  void append(const RequestResult& result) const;

  // All whole lines, oldest first; no file: none. Half a line at the end is passed over. Throws InputError that names
  // the line when any other line is not a result.
  std::vector<RequestResult> results() const;

 private:
  std::filesystem::path out_;
};

// Ids whose last result is Done. Whether their files are still there is for the caller to check.
std::set<std::string> done_ids(const std::vector<RequestResult>& results);

}  // namespace orrery
