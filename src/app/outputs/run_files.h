#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/manifest/manifest_shard.h"
#include "base/core/json.h"
#include "base/core/log.h"
#include "base/core/stopwatch.h"
#include "pipeline/run_folder.h"

namespace orrery {

enum class ResultStatus { Done, Failed, Stopped };

// "done", "failed", "stopped"
std::string name_of(ResultStatus status);

// One line of the results.
struct RequestResult {
  std::string id;
  ResultStatus status = ResultStatus::Done;
  Json request;                    // the manifest's line with the defaults filled in; null in old records
  std::string error;               // why it failed; otherwise empty
  std::int64_t steps_done = 0;     // when the clip was stopped
  std::int64_t steps = 0;          // when the clip was stopped: its total number of steps
  std::vector<std::string> files;  // relative to OUT
  PhaseTimes seconds;
  std::vector<double> step_seconds;             // time of each step of this run; not in the line
  std::vector<std::int64_t> computed;           // with a step cache: the computed steps, from 0; not in the line
  std::optional<std::int64_t> computed_steps;   // with a step cache: the number of computed steps
  std::optional<std::int64_t> peak_memory;      // peak of rank 0's process while the clip was made [bytes]
  std::optional<std::int64_t> peak_gpu_memory;  // of tensors, peak over ranks [bytes]; none on a CPU
  std::optional<std::int64_t> ranks;            // number of ranks; none in records of earlier releases
  std::string device;                           // of the ranks: "cuda" or "cpu"; "" in records of earlier releases
  std::string latent_checksum;
  std::string attention;  // the kernel's name; empty in old records
  Json checks;            // answers of the operator's gates (OperatorGates::take()), or null
  std::string finished;   // ISO 8601, UTC
};

// Facts about a run in OUT/run.json, besides options and versions.
struct RunFacts {
  Json topology;                       // ranks, cfg, tp, device, dtype, attention, host names
  Json checkpoint;                     // folder, fingerprint, sizes
  std::int64_t manifest_requests = 0;  // in all shards together
};

// The records of a run in OUT: run.json and results.jsonl; for a shard run-I-of-N.json and results-I-of-N.jsonl, since
// appends from several hosts to one file of a network file system get lost. Only one process may write them.
class RunFiles {
 public:
  explicit RunFiles(const std::filesystem::path& out, ManifestShard shard = {});

  const std::filesystem::path& run_path() const { return run_path_; }
  const std::filesystem::path& results_path() const { return results_path_; }

  // Replaces run.json. `config` is the text of dump_config(), which repeats the run when saved to a file. Throws Error.
  void write_run(const std::string& config, const Json& versions, const RunFacts& facts) const;

  // Appends one line and fsyncs. First truncates half a line at the end, which a killed run or a full disk left. Throws
  // Error.
  void append(const RequestResult& result) const;

 private:
  std::filesystem::path run_path_;
  std::filesystem::path results_path_;
};

// Reads all complete lines of a results file, oldest first; none when the file is missing. Ignores half a line at the
// end. Throws InputError that names any other line that is not a result.
std::vector<RequestResult> read_results(const std::filesystem::path& file);

// The results files in `out`, of whole runs and of shards, sorted by name.
std::vector<std::filesystem::path> results_files(const std::filesystem::path& out);

// read_results() with `finished` corrected when the host's clock was wrong: a line cannot be later than the lines after
// it or the last change of the file.
std::vector<RequestResult> timed_results(const std::filesystem::path& file);

// Sorts the timed results of several files by time. Results that are in their file's order stay in it.
void sort_by_time(std::vector<RequestResult>& results);

// The results of all shards and of whole runs in `out`, timed and sorted.
std::vector<RequestResult> all_results(const std::filesystem::path& out);

// Writes OUT/timings/ID.json for --timings: the times of a clip's phases and steps. Only one process may write them.
class TimingFiles {
 public:
  // `topology` is as in run.json; `load_seconds` is the time of loading the models. `log` must outlive the object.
  TimingFiles(std::filesystem::path out, Json topology, double load_seconds, const Log& log);

  // Replaces the clip's file. A failure is only a warning.
  void write(const RequestResult& result) const;

 private:
  Json content(const RequestResult& result) const;

  RunFolder folder_;
  Json topology_;
  double load_seconds_;
  const Log& log_;
};

}  // namespace orrery
