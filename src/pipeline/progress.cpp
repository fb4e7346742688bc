#include "pipeline/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/core/numbers.h"
#include "base/core/pulse.h"

namespace orrery {
namespace {

constexpr double kSecondsBetweenLines = 10;

constexpr std::size_t kLeastLabel = 9;  // columns
constexpr std::size_t kUsualText = 40;  // columns, so that bars stay where they are
constexpr std::size_t kLeastBar = 10;   // cells
constexpr std::size_t kMostBar = 40;

std::string bar(double share, std::size_t cells) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(cells));
  return std::string("[").append(full, '#').append(cells - full, '.').append("] ");
}

// Cuts a text to `columns`. Labels and texts are ASCII, so a character is one column.
std::string cut(const std::string& text, std::size_t columns) {
  return text.size() <= columns ? text : text.substr(0, columns - 1) + "…";
}

// "20.4 clips/h, 5 h 53 min left", as far as known.
std::string pace_text(const RunProgress& run) {
  std::string text;
  if (run.clips_per_hour > 0) text = fixed_text(run.clips_per_hour, run.clips_per_hour < 100 ? 1 : 0) + " clips/h";
  if (run.seconds_left) text.append(text.empty() ? "" : ", ").append(duration_text(*run.seconds_left)).append(" left");
  return text;
}

}  // namespace

Progress::Progress(const Log& log, std::int64_t clips, double work) : log_(&log), wanted_(clips), work_left_(work) {}

void Progress::clip_begins(std::string label, double work) {
  settle_work();
  clip_work_ = clip_work_left_ = part_work_ = work;
  clip_ = {};
  clip_.label = std::move(label);
  clip_.phase = "text";
  note_clip(clip_.label);
  note_phase(clip_.phase);
  draw();
}

void Progress::part_begins(std::string label, double done, double share) {
  const double left = clip_work_ * (1 - done);
  work_left_ -= clip_work_left_ - left;
  clip_work_left_ = left;
  part_work_ = std::min(clip_work_ * share, left);
  clip_.label = std::move(label);
  clip_.steps = clip_.done = 0;
  note_clip(clip_.label);
  phase("text");
}

void Progress::phase(std::string name) {
  clip_.phase = std::move(name);
  note_phase(clip_.phase);
  draw();
}

void Progress::steps_begin(std::vector<double> work, std::int64_t first) {
  const double scale = part_work_ / std::accumulate(work.begin(), work.end(), 0.0);
  for (double& step : work) step *= scale;
  step_work_ = std::move(work);
  clip_.phase.clear();
  clip_.steps = std::ssize(step_work_);
  clip_.done = first_ = first;
  note_steps(first, first, clip_.steps);
  clip_work_left_ -= work_of(0, first);
  work_left_ -= work_of(0, first);
  draw();
}

void Progress::steps_done(std::int64_t more, double seconds) {
  const bool is_first = clip_.done == first_;
  const double work = work_of(clip_.done, clip_.done + more);
  clip_.done += more;
  note_steps(first_, clip_.done, clip_.steps);
  clip_.seconds_per_step = seconds / static_cast<double>(clip_.done - first_);
  clip_.seconds_left = seconds * work_of(clip_.done, clip_.steps) / work_of(first_, clip_.done);
  clip_work_left_ -= work;
  work_left_ -= work;
  work_done_ += work;
  if (!log_->is_root()) return;
  draw();
  const bool is_due = since_line_.seconds() >= kSecondsBetweenLines || log_->level() == LogLevel::Verbose;
  if (!is_first && clip_.done != clip_.steps && !is_due) return;
  since_line_.restart();
  log_->progress(clip_.label + ": " + steps_text(clip_));
}

void Progress::clip_ended(const std::string& id, bool failed, double seconds) {
  (failed ? failed_ : done_) += 1;
  if (done_ + failed_ == wanted_) work_left_ = 0;
  if (!log_->is_root()) return;
  if (!failed) log_->info(id + " done in " + duration_text(seconds));
  log_->progress(run_text(run_progress()));
  draw();
}

void Progress::finish() {
  if (log_->columns() > 0) log_->show({});
}

double Progress::work_of(std::int64_t from, std::int64_t to) const {
  return std::accumulate(step_work_.begin() + from, step_work_.begin() + to, 0.0);
}

void Progress::settle_work() {
  work_left_ -= clip_work_left_;
  clip_work_left_ = 0;
}

RunProgress Progress::run_progress() const {
  const double seconds = since_start_.seconds();
  RunProgress run{wanted_, done_, failed_, 0, 0, std::nullopt};
  run.clips_per_hour = static_cast<double>(done_) * 3600 / seconds;
  const bool is_last_step_done = work_left_ < 1e-6 * work_done_;  // allows for rounding
  if (work_done_ > 0) run.share = is_last_step_done ? 1 : work_done_ / (work_done_ + work_left_);
  if (work_done_ > 0 && !is_last_step_done) run.seconds_left = seconds * work_left_ / work_done_;
  return run;
}

void Progress::draw() const {
  const std::size_t columns = log_->columns();
  if (columns > 0) log_->show(status_lines(clip_, run_progress(), columns));
}

std::string steps_text(const ClipProgress& clip) {
  const std::string text = fmt::format("step {}/{}", clip.done, clip.steps);
  if (clip.seconds_per_step <= 0) return text;
  return fmt::format("{}, {:.2f} s/step, {} left", text, clip.seconds_per_step, duration_text(clip.seconds_left));
}

std::string run_text(const RunProgress& run) {
  std::string text = fmt::format("{} of {} done", run.done, run.wanted);
  if (run.failed > 0) text += fmt::format(", {} failed", run.failed);
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
