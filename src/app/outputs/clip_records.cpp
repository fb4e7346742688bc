#include "app/outputs/clip_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/manifest/manifest.h"
#include "base/core/numbers.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

constexpr double kShown = 0.005;  // seconds; shorter times would show as "0.00"

double seconds_of(const PhaseTimes& times, const std::string& phase) {
  for (const auto& [name, seconds] : times.phases()) {
    if (name == phase) return seconds;
  }
  return 0;
}

std::string seconds_text(double seconds) { return fmt::format("{:.2f}", seconds); }

// A table with the columns "seconds" (the clips' ids), one for each phase, "total" and a remark.
TextTable table_with(const std::vector<std::string>& phases) {
  std::vector<std::string> titles{"seconds"};
  std::vector<TableColumn> columns{{.width = 0, .left = true, .gap = 0}};
  titles.insert(titles.end(), phases.begin(), phases.end());
  titles.emplace_back("total");
  columns.resize(titles.size(), {.width = 10, .left = false, .gap = 0});
  titles.emplace_back("");
  columns.emplace_back();
  return {std::move(titles), std::move(columns)};
}

RequestResult result_of(const ClipJob& job, ClipResult clip) {
  RequestResult result;
  result.id = job.request.id;
  result.request = manifest_json(job.request);
  result.status = clip.stopped ? ResultStatus::Stopped : clip.error.empty() ? ResultStatus::Done : ResultStatus::Failed;
  result.steps_done = clip.steps_done;
  result.steps = job.steps();
  result.error = std::move(clip.error);
  result.files = std::move(clip.files);
  result.seconds = clip.times;
  result.step_seconds = std::move(clip.step_seconds);
  if (!clip.computed_steps.empty()) result.computed_steps = std::ssize(clip.computed_steps);
  result.computed = std::move(clip.computed_steps);
  result.peak_memory = clip.peak_host_memory;
  result.peak_gpu_memory = clip.peak_gpu_memory;
  result.latent_checksum = std::move(clip.latents_checksum);
  result.finished = utc_now();
  return result;
}

// "text 0.21 s, denoise 3 min 02 s"
std::string phases_text(const PhaseTimes& times) {
  std::string text;
  for (const auto& [phase, seconds] : times.phases()) {
    text.append(text.empty() ? "" : ", ").append(phase).append(" ").append(duration_text(seconds));
  }
  return text;
}

}  // namespace

void RunSummary::add(const ClipJob& job, const ClipResult& clip) {
  const std::string& id = job.request.id;
  if (!clip.error.empty()) {
    rows_.push_back({id, clip.times, End::Failed, "failed"});
  } else if (clip.stopped) {
    rows_.push_back({id, clip.times, End::Stopped, fmt::format("stopped at step {}/{}", clip.steps_done, job.steps())});
  } else {
    rows_.push_back({id, clip.times, End::Done, ""});
  }
}

std::size_t RunSummary::count(End end) const {
  return static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(), [end](const Row& row) { return row.end == end; }));
}

std::vector<std::string> RunSummary::phases() const {
  PhaseTimes most;
  for (const Row& row : rows_) {
    for (const auto& [phase, seconds] : row.times.phases()) most.add(phase, seconds);
  }
  std::vector<std::string> shown;
  for (const auto& [phase, seconds] : most.phases()) {
    if (seconds >= kShown) shown.push_back(phase);
  }
  return shown;
}

std::string RunSummary::table(double total_seconds) const {
  const std::vector<std::string> columns = phases();
  TextTable table = table_with(columns);
  for (const Row& row : rows_) {
    std::vector<std::string> cells{row.id};
    for (const std::string& phase : columns) cells.push_back(seconds_text(seconds_of(row.times, phase)));
    cells.push_back(seconds_text(row.times.total()));
    cells.push_back(row.remark);
    table.add(std::move(cells));
  }
  return fmt::format("{}{} done, {} failed, {}in {}\n", table.text(), count(End::Done), failed(),
                     unfinished() > 0 ? fmt::format("{} left, ", unfinished()) : "", duration_text(total_seconds));
}

ClipRecords::ClipRecords(std::size_t wanted, const Comm& world, at::Device device, Keep keep, Progress& progress,
                         const Log& log)
    : world_(world), device_(device), keep_(std::move(keep)), progress_(progress), log_(log), summary_(wanted) {}

void ClipRecords::add(const ClipJob& job, ClipResult clip) {
  const std::string& id = job.request.id;
  if (!clip.error.empty()) {
    failed_ids_.insert(id);
    if (world_.is_root()) log_.warning(id + " failed: " + clip.error);
  }
  if (!clip.stopped) progress_.clip_ended(id, !clip.error.empty(), clip.times.total());
  log_.verbose(id + ": " + phases_text(clip.times));
  summary_.add(job, clip);
  if (!world_.is_root()) return;
  RequestResult result = result_of(job, std::move(clip));
  result.ranks = world_.shard().size;
  result.device = device_.is_cuda() ? "cuda" : "cpu";
  keep_(result);
}

}  // namespace orrery
