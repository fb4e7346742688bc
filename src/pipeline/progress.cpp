#include "pipeline/progress.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace orrery {
namespace {

constexpr double kSecondsBetweenLines = 10;
constexpr std::int64_t kBarWidth = 24;

std::string fixed(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string two_digits(std::int64_t value) {
  std::string text = std::to_string(value);
  return text.size() < 2 ? std::string("0") + text : text;
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 60) return fixed(seconds, seconds < 10 ? 2 : 1) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return std::to_string(whole / 60) + " min " + two_digits(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + two_digits(whole % 3600 / 60) + " min";
}

Progress::Progress(const Log& log, std::string label, std::int64_t steps, std::int64_t first)
    : log_(&log),
      label_(std::move(label)),
      steps_(steps),
      first_(first),
      terminal_(log.is_root() && log.level() != LogLevel::Quiet && ::isatty(STDERR_FILENO) == 1) {}

std::string Progress::state(std::int64_t done) const {
  const double per_step = since_start_.seconds() / static_cast<double>(done - first_);
  return "step " + std::to_string(done) + "/" + std::to_string(steps_) + ", " + fixed(per_step, 2) + " s/step, " +
         duration_text(per_step * static_cast<double>(steps_ - done)) + " left";
}

std::string Progress::bar(std::int64_t done) const {
  std::string cells(static_cast<std::size_t>(kBarWidth), '.');
  for (std::int64_t i = 0; i < kBarWidth * done / steps_; ++i) cells[static_cast<std::size_t>(i)] = '#';
  return "[" + cells + "]";
}

void Progress::stopped() const {
  if (terminal_) std::fputc('\n', stderr);
}

void Progress::step_done(std::int64_t step) {
  if (!log_->is_root()) return;
  const std::int64_t done = step + 1;
  const bool last = done == steps_;
  if (terminal_) {
    std::fprintf(stderr, "\r%s %s %s\x1b[K%s", label_.c_str(), bar(done).c_str(), state(done).c_str(),
                 last ? "\n" : "");
    return;
  }
  if (done != first_ + 1 && !last && since_line_.seconds() < kSecondsBetweenLines) return;
  since_line_.restart();
  log_->info(label_ + ": " + state(done));
}

}  // namespace orrery
