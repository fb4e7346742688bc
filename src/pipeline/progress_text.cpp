#include "pipeline/progress_text.h"

#include <algorithm>
#include <array>

#include "base/core/numbers.h"

namespace orrery {
namespace {

constexpr std::size_t kLeastLabel = 9;  // columns
constexpr std::size_t kUsualText = 40;  // columns, so that bars stay where they are
constexpr std::size_t kLeastBar = 10;   // cells
constexpr std::size_t kMostBar = 40;

std::string bar(double share, std::size_t cells) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(cells));
  return std::string("[").append(full, '#').append(cells - full, '.').append("] ");
}

// One column a character: labels and texts are ASCII.
std::string cut(const std::string& text, std::size_t columns) {
  return text.size() <= columns ? text : text.substr(0, columns - 1) + "…";
}

// "20.4 clips/h, 5 h 53 min left", as far as it is known.
std::string pace_text(const RunProgress& run) {
  std::string text;
  if (run.clips_per_hour > 0) text = fixed_text(run.clips_per_hour, run.clips_per_hour < 100 ? 1 : 0) + " clips/h";
  if (run.seconds_left) text.append(text.empty() ? "" : ", ").append(duration_text(*run.seconds_left)).append(" left");
  return text;
}

}  // namespace

std::string steps_text(const ClipProgress& clip) {
  std::string text = "step " + std::to_string(clip.done) + "/" + std::to_string(clip.steps);
  if (clip.seconds_per_step <= 0) return text;
  return text + ", " + fixed_text(clip.seconds_per_step, 2) + " s/step, " + duration_text(clip.seconds_left) + " left";
}

std::string run_text(const RunProgress& run) {
  std::string text = std::to_string(run.done) + " of " + std::to_string(run.wanted) + " done";
  if (run.failed > 0) text += ", " + std::to_string(run.failed) + " failed";
  const std::string pace = pace_text(run);
  return pace.empty() ? text : text + ", " + pace;
}

std::vector<std::string> status_lines(const ClipProgress& clip, const RunProgress& run, std::size_t columns) {
  struct Row {
    std::string left;
    double share;
    std::string right;
  };
  RunProgress counts = run;
  counts.clips_per_hour = 0;
  counts.seconds_left.reset();
  const double share = clip.steps == 0 ? 0 : static_cast<double>(clip.done) / static_cast<double>(clip.steps);
  const std::array<Row, 2> rows{Row{clip.label, share, clip.phase.empty() ? steps_text(clip) : clip.phase},
                                Row{run_text(counts), run.share, pace_text(run)}};
  const std::size_t room = std::max<std::size_t>(columns, 20) - 1;
  const std::size_t widest = std::max({rows[0].right.size(), rows[1].right.size(), kUsualText});
  const std::size_t right = std::min(widest, room - kLeastLabel - 1);
  const std::size_t left = std::min(std::max(rows[0].left.size(), rows[1].left.size()), room - right - 1);
  const std::size_t between = room - left - 1 - right;
  const std::size_t cells = between < kLeastBar + 3 ? 0 : std::min(between - 3, kMostBar);
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const Row& row : rows) {
    std::string line = cut(row.left, left);
    line.append(left - std::min(left, row.left.size()) + 1, ' ');
    if (cells > 0) line += bar(row.share, cells);
    lines.push_back(line.append(cut(row.right, right)));
  }
  return lines;
}

}  // namespace orrery
