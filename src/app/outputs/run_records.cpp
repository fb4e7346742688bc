#include "app/outputs/run_records.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// From run.json: the ranks, whether they used GPUs, and the number of requests.
struct RunRecord {
  std::int64_t ranks = 1;
  bool on_gpus = false;
  std::optional<std::int64_t> requested;
};

// Reads run.json; a run without it counts as one rank on a CPU.
RunRecord record_of(const fs::path& path) {
  RunRecord record;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return record;
  const Json run = parse_json_file(path);
  try {
    const Json topology = run.value("topology", Json::object());
    record.ranks = topology.value("ranks", std::int64_t{1});
    record.on_gpus = topology.value("device", "") == "cuda";
    if (run.contains("manifest_requests")) record.requested = run["manifest_requests"].get<std::int64_t>();
  } catch (const Json::exception& e) {
    throw InputError(path.string() + ": not the record of a run: " + e.what() + "; move the file away");
  }
  return record;
}

// "results-1-of-4.jsonl" → "run-1-of-4.json"
fs::path run_of(const fs::path& results) {
  const std::string stem = results.stem();
  return results.parent_path() / ("run" + stem.substr(std::string("results").size()) + ".json");
}

// A reason without numbers and quoted names, which differ from clip to clip.
std::string kind_of(const std::string& reason) {
  std::string kind;
  bool quoted = false;
  for (const char c : reason) {
    if (c == '"') quoted = !quoted;
    if (quoted || std::isdigit(static_cast<unsigned char>(c)) != 0) continue;
    kind += c;
  }
  return kind;
}

class Collector {
 public:
  void add_file(const fs::path& results) {
    const RunRecord run = record_of(run_of(results));
    if (run.requested) all_.requested = std::max(all_.requested.value_or(0), *run.requested);
    for (RequestResult& result : timed_results(results)) {
      add_seconds(result, run);
      results_.push_back(std::move(result));
    }
  }

  RunRecords records() {
    sort_by_time(results_);
    std::map<std::string, RequestResult> last;  // by id
    for (RequestResult& result : results_) last[result.id] = std::move(result);
    std::map<std::string, FailureGroup> groups;
    for (const auto& [id, result] : last) {
      if (result.status == ResultStatus::Done) {
        all_.done_times.push_back(result.finished);
        all_.computed_steps += result.computed_steps.value_or(0);
        all_.cached_steps += result.computed_steps ? result.request.value("steps", std::int64_t{0}) : 0;
      }
      if (result.status == ResultStatus::Stopped) ++all_.stopped;
      if (result.status != ResultStatus::Failed) continue;
      ++all_.failed;
      FailureGroup& group = groups[kind_of(result.error)];
      if (group.ids.empty()) group.reason = result.error;
      group.ids.push_back(id);
    }
    all_.done = std::ssize(all_.done_times);
    std::sort(all_.done_times.begin(), all_.done_times.end());
    for (auto& [kind, group] : groups) all_.failures.push_back(std::move(group));
    std::stable_sort(all_.failures.begin(), all_.failures.end(),
                     [](const auto& a, const auto& b) { return a.ids.size() > b.ids.size(); });
    return std::move(all_);
  }

 private:
  // A result of an earlier release counts for the run that last wrote run.json.
  void add_seconds(const RequestResult& result, const RunRecord& run) {
    const bool on_gpus = result.device.empty() ? run.on_gpus : result.device == "cuda";
    all_.on_gpus |= on_gpus;
    for (const auto& [phase, seconds] : result.seconds.phases()) {
      all_.phases[phase] += seconds;
      all_.seconds += seconds;
      if (on_gpus) all_.gpu_seconds += seconds * static_cast<double>(result.ranks.value_or(run.ranks));
    }
  }

  RunRecords all_;
  std::vector<RequestResult> results_;
};

}  // namespace

std::optional<std::int64_t> RunRecords::remaining() const {
  if (!requested) return std::nullopt;
  return std::max<std::int64_t>(0, *requested - done);
}

RunRecords read_records(const fs::path& out) {
  require_input(is_folder(out), out.string() + ": no such folder, expected the --out of a run");
  const std::vector<fs::path> files = results_files(out);
  require_input(
      !files.empty() || is_there(out / "run.json"),
      out.string() + ": no results.jsonl in it: not the --out of a run, or of one that has finished nothing yet");
  Collector collector;
  for (const fs::path& file : files) collector.add_file(file);
  return collector.records();
}

}  // namespace orrery
