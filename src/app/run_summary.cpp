#include "app/run_summary.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "pipeline/progress.h"

namespace orrery {
namespace {

constexpr std::array kPhases = {"between", "load", "condition", "text", "denoise", "save", "decode"};

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

std::string RunSummary::table(double total_seconds) const {
  std::size_t width = 7;
  for (const Row& row : rows_) width = std::max(width, row.id.size());
  std::string text = left("seconds", width);
  for (const char* phase : kPhases) text += right(phase, 11);
  text += right("total", 11) + "\n";
  for (const Row& row : rows_) {
    text += left(row.id, width);
    for (const char* phase : kPhases) text += right(seconds_text(seconds_of(row.times, phase)), 11);
    text += right(seconds_text(row.times.total()), 11) + row.remark + "\n";
  }
  text += std::to_string(count(End::Done)) + " done, " + std::to_string(failed()) + " failed, ";
  if (unfinished() > 0) text += std::to_string(unfinished()) + " left, ";
  return text + "in " + duration_text(total_seconds) + "\n";
}

}  // namespace orrery
