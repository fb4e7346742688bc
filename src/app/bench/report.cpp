#include "app/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "base/core/json.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

constexpr std::chrono::milliseconds kPause{300};

double middle(const std::vector<GpuState>& states, double GpuState::*member) {
  std::vector<double> values;
  for (const GpuState& state : states) values.push_back(state.*member);
  return spread_of(std::move(values)).median;
}

constexpr std::size_t kWhat = 13, kName = 44, kShape = 40, kNumber = 11;  // columns of the table

// The columns: the part, the texts of width `middle`, the numbers, and a remark.
std::vector<TableColumn> columns_with(std::vector<std::size_t> middle) {
  constexpr std::size_t kNumbers = 6;
  std::vector<TableColumn> columns{{.width = kWhat, .gap = 0}};
  for (const std::size_t width : middle) columns.push_back({.width = width, .gap = 1});
  for (std::size_t i = 0; i < kNumbers; ++i) {
    columns.push_back({.width = kNumber, .left = false, .gap = i == 0 ? 1U : 0U});
  }
  columns.emplace_back();
  return columns;
}

std::string if_known(double value, int digits, const char* unit = "") {
  return value > 0 ? fmt::format("{:.{}f}{}", value, digits, unit) : "";
}

std::string title_row() {
  return table_row(columns_with({kName, kShape}),
                   {"what", "", "shape", "calls", "ms", "TFLOP/s", "GB/s", "of ceiling", "of whole"});
}

std::string row_of(const Record& r) {
  constexpr std::size_t kBoth = kName + 1 + kShape;  // a name without a shape extends over both columns
  const std::vector<std::string> numbers{
      fmt::to_string(r.calls),
      fmt::format("{:.3f}", r.ms.median),
      if_known(r.tflops(), r.tflops() < 1 ? 4 : 1),
      if_known(r.gbps(), 1),
      if_known(100 * r.share(), 1, " %"),
      if_known(100 * r.part, 1, " %"),
      r.peak_memory ? fmt::format("peak {:.2f} GB", static_cast<double>(*r.peak_memory) / 1e9) : ""};
  std::vector<std::string> cells{r.what, r.shape.empty() ? r.name.substr(0, kBoth) : r.name};
  if (!r.shape.empty()) cells.push_back(r.shape);
  cells.insert(cells.end(), numbers.begin(), numbers.end());
  return table_row(r.shape.empty() ? columns_with({kBoth}) : columns_with({kName, kShape}), cells);
}

}  // namespace

ClockWatch::ClockWatch(std::unique_ptr<Nvml> nvml, std::string uuid) : nvml_(std::move(nvml)), uuid_(std::move(uuid)) {
  thread_ = std::thread([this] { watch(); });
}

ClockWatch::~ClockWatch() {
  {
    const std::lock_guard lock(mutex_);
    leave_ = true;
  }
  leaving_.notify_all();
  thread_.join();
}

void ClockWatch::watch() {
  for (;;) {
    const std::optional<GpuState> state = nvml_ ? nvml_->state(uuid_) : std::nullopt;
    std::unique_lock lock(mutex_);
    if (!state) return;
    states_.push_back(*state);
    if (leaving_.wait_for(lock, kPause, [this] { return leave_; })) return;
  }
}

Json ClockWatch::seen() {
  const std::lock_guard lock(mutex_);
  if (!states_.empty()) {
    last_ = {{"sm_mhz", middle(states_, &GpuState::sm_mhz)},
             {"memory_mhz", middle(states_, &GpuState::memory_mhz)},
             {"power_w", middle(states_, &GpuState::power_w)},
             {"temperature_c", middle(states_, &GpuState::temperature_c)}};
  }
  states_.clear();
  return last_;
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  const double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
  return {median, values.front(), values.back(), static_cast<int>(count)};
}

double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 5 - std::ceil(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

Json to_json(const Record& r) {
  Json json{{"what", r.what}, {"name", r.name}, {"shape", r.shape}};
  if (r.ms.runs > 0) {
    json["median_ms"] = rounded(r.ms.median);
    json["min_ms"] = rounded(r.ms.min);
    json["max_ms"] = rounded(r.ms.max);
    json["runs"] = r.ms.runs;
  }
  json["calls"] = r.calls;
  if (r.tflops() > 0) json["tflops"] = rounded(r.tflops());
  if (r.gbps() > 0) json["gbps"] = rounded(r.gbps());
  if (r.best_ms > 0) {
    json["ceiling_ms"] = rounded(r.best_ms);
    json["share"] = rounded(r.share());
  }
  if (r.peak_memory) json["peak_memory"] = *r.peak_memory;
  if (r.part > 0) json["part"] = rounded(r.part);
  json.update(r.more);
  return json;
}

Report::Report(std::ostream& out, Form form, Json facts, std::unique_ptr<ClockWatch> clocks)
    : out_(out), form_(form), facts_(std::move(facts)), clocks_(std::move(clocks)) {
  if (form_ == Form::Table) out_ << title_row() << std::endl;
}

void Report::add(const Record& record) {
  if (form_ == Form::Table) out_ << row_of(record) << std::endl;
  if (form_ != Form::JsonLines) return;
  Json line = to_json(record);
  const Json clocks = clocks_ ? clocks_->seen() : Json();
  if (!clocks.is_null()) line["clocks"] = clocks;
  line.update(facts_);
  out_ << json_text(line) << std::endl;
}

}  // namespace orrery
