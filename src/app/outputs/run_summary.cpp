#include "app/outputs/run_summary.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/core/numbers.h"

namespace orrery {
namespace {

constexpr std::size_t kColumn = 10;
constexpr double kShown = 0.005;  // seconds, which are "0.01"

double seconds_of(const PhaseTimes& times, const std::string& phase) {
  for (const auto& [name, seconds] : times.phases()) {
    if (name == phase) return seconds;
  }
  return 0;
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string left(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", seconds);
  return text.data();
}

}  // namespace

void RunSummary::add(const ClipJob& job, const ClipResult& clip) {
  const std::string& id = job.request.id;
  if (!clip.error.empty()) {
    rows_.push_back({id, clip.times, End::Failed, "  failed"});
  } else if (clip.stopped) {
    const std::string steps = std::to_string(clip.steps_done) + "/" + std::to_string(job.request.steps);
    rows_.push_back({id, clip.times, End::Stopped, "  stopped at step " + steps});
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
  std::size_t width = 7;
  for (const Row& row : rows_) width = std::max(width, row.id.size());
  std::string text = left("seconds", width);
  for (const std::string& phase : columns) text += right(phase, kColumn);
  text += right("total", kColumn) + "\n";
  for (const Row& row : rows_) {
    text += left(row.id, width);
    for (const std::string& phase : columns) text += right(seconds_text(seconds_of(row.times, phase)), kColumn);
    text += right(seconds_text(row.times.total()), kColumn) + row.remark + "\n";
  }
  text += std::to_string(count(End::Done)) + " done, " + std::to_string(failed()) + " failed, ";
  if (unfinished() > 0) text += std::to_string(unfinished()) + " left, ";
  return text + "in " + duration_text(total_seconds) + "\n";
}

}  // namespace orrery
