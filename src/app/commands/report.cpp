#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>
#include <utility>

#include "app/commands/commands.h"
#include "app/outputs/run_records.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

constexpr auto kBetweenLooks = std::chrono::seconds(5);
constexpr std::size_t kNamedIds = 3;     // ids shown for a group of failures
constexpr std::int64_t kMostSpans = 12;  // rows of the throughput table

// Seconds since 1970 of "2026-01-31T12:00:00Z"; 0 for anything else.
std::int64_t moment_of(const std::string& time) {
  std::tm parts{};
  return ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr ? 0 : ::timegm(&parts);
}

// "2026-01-31 12:00"
std::string time_text(std::int64_t moment) {
  const std::string time = utc_text(moment);
  return fmt::format("{} {}", time.substr(0, 10), time.substr(11, 5));
}

// The number of clips finished in a span of time that begins at `begin`.
struct Span {
  std::int64_t begin = 0;
  std::int64_t clips = 0;
};

struct Throughput {
  std::int64_t span_seconds = 0;
  std::vector<Span> spans;  // contiguous, oldest first
};

// Counts clips in spans of whole minutes, hours or days, of which about a dozen cover the time from the first clip to
// the last.
Throughput throughput_of(const std::vector<std::string>& times) {
  Throughput all;
  if (times.empty()) return all;
  const std::int64_t first = moment_of(times.front()), last = moment_of(times.back());
  for (const std::int64_t seconds :
       {60, 300, 900, 3600, 3 * 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600, 28 * 24 * 3600}) {
    all.span_seconds = seconds;
    if (last / seconds - first / seconds < kMostSpans) break;
  }
  for (std::int64_t begin = first / all.span_seconds; begin <= last / all.span_seconds; ++begin) {
    all.spans.push_back({begin * all.span_seconds, 0});
  }
  for (const std::string& time : times) {
    const std::int64_t span = moment_of(time) / all.span_seconds - first / all.span_seconds;
    ++all.spans[static_cast<std::size_t>(std::clamp<std::int64_t>(span, 0, std::ssize(all.spans) - 1))].clips;
  }
  return all;
}

std::vector<std::pair<std::string, double>> slowest_first(const std::map<std::string, double>& phases) {
  std::vector<std::pair<std::string, double>> sorted(phases.begin(), phases.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string failures_text(const std::vector<FailureGroup>& failures) {
  std::string text = failures.empty() ? "" : "\nfailed\n";
  for (const FailureGroup& group : failures) {
    text += fmt::format("  {} x {}\n      ", group.ids.size(), printable(group.reason));
    for (std::size_t i = 0; i < std::min(kNamedIds, group.ids.size()); ++i) {
      text.append(i == 0 ? "" : ", ").append(printable(group.ids[i]));
    }
    text.append(group.ids.size() > kNamedIds ? ", …\n" : "\n");
  }
  return text;
}

std::string phases_text(const RunRecords& records) {
  TextTable table({"phase", "seconds", "share"}, 1);
  for (const auto& [phase, seconds] : slowest_first(records.phases)) {
    table.add({phase, fmt::format("{:.1f}", seconds),
               fmt::format("{:.1f} %", 100 * seconds / std::max(records.seconds, 1e-9))});
  }
  return records.phases.empty() ? "" : "\n" + table.text();
}

std::string throughput_text(const Throughput& throughput) {
  TextTable table({"from (UTC)", "clips", "an hour"}, 1);
  for (const Span& span : throughput.spans) {
    const double hours = static_cast<double>(throughput.span_seconds) / 3600;
    table.add({time_text(span.begin), fmt::to_string(span.clips),
               fmt::format("{:.1f}", static_cast<double>(span.clips) / hours)});
  }
  return throughput.spans.empty() ? "" : "\n" + table.text();
}

std::string page_of(const RunRecords& records) {
  const auto remaining = records.remaining();
  std::string page = fmt::format("{} done, {} failed, {} stopped", records.done, records.failed, records.stopped);
  if (remaining) page += fmt::format(", {} of {} remain", *remaining, *records.requested);
  if (records.on_gpus) page += fmt::format("; {:.2f} GPU hours", records.gpu_seconds / 3600);
  page += fmt::format("; {} of work\n", duration_text(records.seconds));
  if (records.cached_steps > 0) {
    page += fmt::format("step cache: {} of {} steps were computed\n", records.computed_steps, records.cached_steps);
  }
  return page + failures_text(records.failures) + phases_text(records) +
         throughput_text(throughput_of(records.done_times));
}

Json to_json(const RunRecords& records) {
  Json json{{"done", records.done}, {"failed", records.failed}, {"stopped", records.stopped}};
  json["requested"] = records.requested ? Json(*records.requested) : Json();
  json["remaining"] = records.remaining() ? Json(*records.remaining()) : Json();
  json["gpu_hours"] = records.on_gpus ? Json(records.gpu_seconds / 3600) : Json();
  json["seconds"] = records.seconds;
  if (records.cached_steps > 0) {
    json["step_cache"] = {{"computed_steps", records.computed_steps}, {"steps", records.cached_steps}};
  }
  json["phases"] = Json::object();
  for (const auto& [phase, seconds] : slowest_first(records.phases)) json["phases"][phase] = seconds;
  json["failures"] = Json::array();
  for (const FailureGroup& group : records.failures) {
    json["failures"].push_back({{"reason", group.reason}, {"ids", group.ids}});
  }
  const Throughput throughput = throughput_of(records.done_times);
  json["throughput"] = {{"span_seconds", throughput.span_seconds}, {"spans", Json::array()}};
  for (const Span& span : throughput.spans) {
    json["throughput"]["spans"].push_back({{"begin", span.begin}, {"clips", span.clips}});
  }
  return json;
}

}  // namespace

void report(const Options& options, std::ostream& out) {
  while (true) {
    const RunRecords records = read_records(options.files.front());
    if (options.watch && !options.json && ::isatty(STDOUT_FILENO) == 1) out << "\x1b[H\x1b[2J";
    if (options.json) {
      out << json_text(to_json(records)) << "\n";
    } else {
      out << page_of(records);
    }
    out.flush();
    if (!options.watch || records.remaining() == 0) return;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace orrery
