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

void RunSummary::add(const std::string& id, const ClipResult& clip) {
  rows_.push_back({id, clip.times, !clip.error.empty()});
}

std::size_t RunSummary::failed() const {
  return static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return row.failed; }));
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
    text += right(seconds_text(row.times.total()), 11) + (row.failed ? "  failed\n" : "\n");
  }
  return text + std::to_string(rows_.size() - failed()) + " done, " + std::to_string(failed()) + " failed, in " +
         duration_text(total_seconds) + "\n";
}

}  // namespace orrery
