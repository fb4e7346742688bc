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
  std::int64_t steps_done = 0;     // of a clip that was stopped
  std::int64_t steps = 0;          // of a clip that was stopped: its steps in all
  std::vector<std::string> files;  // relative to OUT
  PhaseTimes seconds;
  std::vector<double> step_seconds;             // of the steps that this run made; not in the line
  std::vector<std::int64_t> computed;           // with a step cache: the steps with layers, from 0; not in the line
  std::optional<std::int64_t> computed_steps;   // with a step cache: how many those are
  std::optional<std::int64_t> peak_memory;      // bytes of rank 0's process at most, while the clip was made
  std::optional<std::int64_t> peak_gpu_memory;  // bytes that tensors held, of the rank with most; none on a CPU
  std::optional<std::int64_t> ranks;            // that made it; none in records of earlier releases
  std::string device;                           // of the ranks: "cuda" or "cpu"; "" in records of earlier releases
  std::string latent_checksum;
  std::string attention;  // the kernel's name; empty in old records
  Json checks;            // what the operator's gates said (OperatorGates::take()); null: none was asked
  std::string finished;   // ISO 8601, UTC
};

// What OUT/run.json says about the run beside its options and versions.
struct RunFacts {
  Json topology;                       // ranks, cfg, tp, device, dtype, attention, host names
  Json checkpoint;                     // folder, fingerprint, sizes
  std::int64_t manifest_requests = 0;  // of all shards together
};

// The records of a run in OUT: run.json and results.jsonl, or run-I-of-N.json and results-I-of-N.jsonl of a shard,
// since appends from several hosts to one file of a network file system get lost. One process writes them.
class RunFiles {
 public:
  explicit RunFiles(const std::filesystem::path& out, ManifestShard shard = {});

  const std::filesystem::path& run_path() const { return run_path_; }
  const std::filesystem::path& results_path() const { return results_path_; }

  // Replaces run.json. `config` is dump_config's text, stored as it is: saved to a file, it repeats the run. Throws
  // Error.
  void write_run(const std::string& config, const Json& versions, const RunFacts& facts) const;

  // Appends one line and fsyncs. Half a line at the end, left by a killed run or a full disk, is cut off first. Throws
  // Error.
  void append(const RequestResult& result) const;

 private:
  std::filesystem::path run_path_;
  std::filesystem::path results_path_;
};

// All whole lines of a file of results, oldest first; no file: none. Half a line at the end is passed over. Throws
// InputError that names the line when any other line is not a result.
std::vector<RequestResult> read_results(const std::filesystem::path& file);

// The files of results in `out`, of whole runs and of shards, by name.
std::vector<std::filesystem::path> results_files(const std::filesystem::path& out);

// read_results() with `finished` corrected where the host's clock was wrong: a line is no later than those below it,
// nor than the last change of its file.
std::vector<RequestResult> timed_results(const std::filesystem::path& file);

// Orders timed results of several files by time. Those of one file, when they stand in its order, keep it.
void sort_by_time(std::vector<RequestResult>& results);

// The results of all shards and of whole runs in `out`, timed and sorted.
std::vector<RequestResult> all_results(const std::filesystem::path& out);

// OUT/timings/ID.json: what a clip's phases and its steps took, for --timings. One process writes them.
class TimingFiles {
 public:
  // `topology`: as run.json has it. `load_seconds`: of the models, before the first clip. `log` must outlive the
  // object.
  TimingFiles(std::filesystem::path out, Json topology, double load_seconds, const Log& log);

  // Replaces the clip's file. What goes wrong is a warning: a run does not end for it.
  void write(const RequestResult& result) const;

 private:
  Json content(const RequestResult& result) const;

  RunFolder folder_;
  Json topology_;
  double load_seconds_;
  const Log& log_;
};

}  // namespace orrery
