#include "app/outputs/run_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

ResultStatus status_named(const std::string& name) {
  if (name == "done") return ResultStatus::Done;
  return name == "stopped" ? ResultStatus::Stopped : ResultStatus::Failed;
}

Json to_json(const RequestResult& result) {
  Json line;
  line["id"] = result.id;
  line["status"] = name_of(result.status);
  if (!result.request.is_null()) line["request"] = result.request;
  if (!result.error.empty()) line["error"] = result.error;
  if (result.status == ResultStatus::Stopped) {
    line["steps_done"] = result.steps_done;
    line["steps"] = result.steps;
  }
  if (result.computed_steps) line["computed_steps"] = *result.computed_steps;
  line["files"] = result.files;
  line["seconds"] = Json::object();
  for (const auto& [phase, seconds] : result.seconds.phases()) line["seconds"][phase] = seconds;
  if (result.ranks) line["ranks"] = *result.ranks;
  if (!result.device.empty()) line["device"] = result.device;
  if (result.peak_memory) line["peak_memory_bytes"] = *result.peak_memory;
  if (result.peak_gpu_memory) line["peak_gpu_memory"] = *result.peak_gpu_memory;
  line["latent_checksum"] = result.latent_checksum;
  if (!result.attention.empty()) line["attention"] = result.attention;
  if (!result.checks.is_null()) line["checks"] = result.checks;
  line["finished"] = result.finished;
  return line;
}

RequestResult from_json(const Json& line) {
  RequestResult result;
  result.id = line.at("id").get<std::string>();
  result.status = status_named(line.at("status").get<std::string>());
  result.request = line.value("request", Json());
  result.error = line.value("error", "");
  result.steps_done = line.value("steps_done", std::int64_t{0});
  result.steps = line.value("steps", std::int64_t{0});
  result.files = line.at("files").get<std::vector<std::string>>();
  for (const auto& [phase, seconds] : line.at("seconds").items()) result.seconds.add(phase, seconds.get<double>());
  if (line.contains("peak_memory_bytes")) result.peak_memory = line["peak_memory_bytes"].get<std::int64_t>();
  if (line.contains("computed_steps")) result.computed_steps = line["computed_steps"].get<std::int64_t>();
  if (line.contains("ranks")) result.ranks = line["ranks"].get<std::int64_t>();
  result.device = line.value("device", "");
  if (line.contains("peak_gpu_memory")) result.peak_gpu_memory = line["peak_gpu_memory"].get<std::int64_t>();
  result.latent_checksum = line.value("latent_checksum", "");
  result.attention = line.value("attention", "");
  result.checks = line.value("checks", Json());
  result.finished = line.value("finished", "");
  return result;
}

[[noreturn]] void refuse_result(const fs::path& file, int line, const std::string& why) {
  throw InputError(fmt::format("{}:{}: not a result of a run: {}; move the file away or choose another --out",
                               file.string(), line, why));
}

// Number of bytes up to and including the last newline.
std::size_t whole_lines(std::string_view text) {
  const std::size_t last = text.rfind('\n');
  return last == std::string_view::npos ? 0 : last + 1;
}

std::string content_or_nothing(const fs::path& path) { return is_there(path) ? read_file(path) : std::string(); }

// The file's modification time, in the form of RequestResult::finished.
std::string changed_at(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? utc_text(status.st_mtime) : utc_now();
}

bool is_results_file(const std::string& name) {
  return name == "results.jsonl" || (name.starts_with("results-") && name.ends_with(".jsonl"));
}

}  // namespace

std::string name_of(ResultStatus status) {
  switch (status) {
    case ResultStatus::Done:
      return "done";
    case ResultStatus::Stopped:
      return "stopped";
    default:
      return "failed";
  }
}

RunFiles::RunFiles(const fs::path& out, ManifestShard shard)
    : run_path_(out / ("run" + shard.suffix() + ".json")),
      results_path_(out / ("results" + shard.suffix() + ".jsonl")) {}

void RunFiles::write_run(const std::string& config, const Json& versions, const RunFacts& facts) const {
  Json run;
  run["format"] = "orrery-run";
  run["version"] = 1;
  run["software"] = versions;
  run["topology"] = facts.topology;
  run["checkpoint"] = facts.checkpoint;
  run["manifest_requests"] = facts.manifest_requests;
  run["config"] = config;
  write_file(run_path(), json_text(run, 2) + "\n");
}

void RunFiles::append(const RequestResult& result) const {
  cut_half_line(results_path());
  // An error message may quote a file name that is not UTF-8.
  append_line(results_path(), json_text(to_json(result)));
}

std::vector<RequestResult> read_results(const fs::path& file) {
  const std::string content = content_or_nothing(file);
  std::string_view text = std::string_view(content).substr(0, whole_lines(content));
  std::vector<RequestResult> results;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    try {
      results.push_back(from_json(parse_json(text.substr(0, end))));
    } catch (const JsonError& e) {
      refuse_result(file, line, e.what());
    } catch (const Json::exception& e) {
      refuse_result(file, line, e.what());
    }
    text.remove_prefix(end + 1);
  }
  return results;
}

std::vector<fs::path> results_files(const fs::path& out) {
  std::vector<fs::path> files;
  if (!is_folder(out)) return files;
  for (const fs::directory_entry& entry : fs::directory_iterator(out)) {
    if (is_results_file(entry.path().filename())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<RequestResult> timed_results(const fs::path& file) {
  std::vector<RequestResult> results = read_results(file);
  std::string latest = changed_at(file);
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    if (result->finished.empty() || result->finished > latest) result->finished = latest;
    latest = result->finished;
  }
  return results;
}

void sort_by_time(std::vector<RequestResult>& results) {
  std::stable_sort(results.begin(), results.end(),
                   [](const auto& a, const auto& b) { return a.finished < b.finished; });
}

std::vector<RequestResult> all_results(const fs::path& out) {
  std::vector<RequestResult> all;
  for (const fs::path& file : results_files(out)) {
    std::vector<RequestResult> results = timed_results(file);
    std::move(results.begin(), results.end(), std::back_inserter(all));
  }
  sort_by_time(all);
  return all;
}

TimingFiles::TimingFiles(std::filesystem::path out, Json topology, double load_seconds, const Log& log)
    : folder_{std::move(out)}, topology_(std::move(topology)), load_seconds_(load_seconds), log_(log) {}

Json TimingFiles::content(const RequestResult& result) const {
  Json json;
  json["format"] = "orrery-timings";
  json["version"] = 1;
  json["id"] = result.id;
  json["status"] = name_of(result.status);
  json["finished"] = result.finished;
  json["request"] = result.request;
  json["topology"] = topology_;
  json["model_load_seconds"] = load_seconds_;
  json["phases"] = Json::object();
  for (const auto& [phase, seconds] : result.seconds.phases()) json["phases"][phase] = seconds;
  json["seconds"] = result.seconds.total();
  json["first_step"] = result.steps_done - std::ssize(result.step_seconds) + 1;
  json["step_seconds"] = result.step_seconds;
  if (result.computed.empty()) return json;
  json["computed_steps"] = Json::array();
  for (const std::int64_t step : result.computed) json["computed_steps"].push_back(step + 1);
  return json;
}

void TimingFiles::write(const RequestResult& result) const {
  try {
    const std::filesystem::path file = folder_.timings(result.id);
    std::filesystem::create_directories(file.parent_path());
    write_file(file, json_text(content(result), 2) + "\n");
  } catch (const std::exception& e) {
    log_.warning(result.id + ": no timings: " + e.what());
  }
}

}  // namespace orrery
