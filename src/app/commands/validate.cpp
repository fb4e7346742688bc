#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "app/commands/commands.h"
#include "app/commands/run_checks.h"
#include "app/outputs/run_lock.h"
#include "app/plan/forecast.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/host.h"
#include "base/core/numbers.h"
#include "base/core/terminal_text.h"
#include "io/media/media_reader.h"
#include "pipeline/clip_needs.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

template <class Value>
std::string range_of(const std::vector<ClipJob>& jobs, const Value& value) {
  const auto less = [&](const ClipJob& a, const ClipJob& b) { return value(a) < value(b); };
  const auto [low, high] = std::minmax_element(jobs.begin(), jobs.end(), less);
  const auto from = value(*low), to = value(*high);
  return from == to ? fmt::to_string(from) : fmt::format("{} to {}", from, to);
}

// The table of findings.
class Table {
 public:
  void row(const std::string& what, const std::string& found) {
    static const std::vector<TableColumn> columns{{.width = 12, .gap = 0}, {.gap = 0}};
    text_ += table_row(columns, {what, printable(found)}) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string requests_text(const RunInput& input) {
  const std::string all = count_text(input.manifest_requests, "request");
  if (input.shard.is_whole()) return all;
  return fmt::format("{}, {} of them in shard {}", all, input.jobs.size(), input.shard.text());
}

void describe_input(const RunInput& input, const Options& o, Table& table) {
  if (input.checkpoint) {
    table.row("checkpoint", input.checkpoint->summary());
    for (const std::string& note : input.checkpoint->notes) table.row("note", note);
  }
  table.row("ranks", fmt::format("{} = {}", o.grid.text(), o.grid.ranks()));
  table.row("manifest", o.manifest.string() + ": " + requests_text(input));
  const std::vector<ClipJob>& jobs = input.jobs;
  if (jobs.empty()) return;
  const auto range = [&](std::int64_t Request::*member) {
    return range_of(jobs, [member](const ClipJob& job) { return job.request.*member; });
  };
  table.row("clips", fmt::format("width {}, height {}, frames {}, steps {}", range(&Request::width),
                                 range(&Request::height), range(&Request::num_frames), range(&Request::steps)));
  table.row("texts", range_of(jobs, [](const ClipJob& j) { return j.ids.cond.size(); }) + " tokens");
}

// "yard.mp4: 1280x720, 240 frames, 24 a second"; empty for a picture, and for a file that cannot be read, which is
// reported elsewhere.
std::string video_text(const fs::path& file) {
  try {
    const std::optional<VideoFacts> facts = video_facts(file);
    if (!facts) return "";
    const std::string frames = facts->frames > 0 ? count_text(facts->frames, "frame") : "frames not counted";
    const double fps = static_cast<double>(facts->fps.numerator) / facts->fps.denominator;
    return fmt::format("{}: {}x{}, {}, {:.5g} a second", file.string(), facts->width, facts->height, frames, fps);
  } catch (const InputError&) {
    return "";
  }
}

// Adds a row for each video that clips begin with.
void describe_videos(const RunInput& input, Table& table) {
  constexpr std::size_t kMostRows = 8;
  std::vector<fs::path> videos;
  std::set<fs::path> known;
  for (const ClipJob& job : input.jobs) {
    for (const fs::path& file : {job.request.video, job.request.continued_video}) {
      if (!file.empty() && known.insert(file).second) videos.push_back(file);
    }
  }
  for (std::size_t i = 0; i < std::min(videos.size(), kMostRows); ++i) {
    if (const std::string found = video_text(videos[i]); !found.empty()) table.row("video", found);
  }
  if (videos.size() > kMostRows) table.row("video", fmt::format("and {} more", videos.size() - kMostRows));
}

// Adds a row that says how long one of two cfg groups idles because of a guidance interval.
void describe_idle(const RunInput& input, const Options& o, Table& table) {
  if (!input.checkpoint || o.grid.cfg != 2) return;
  std::int64_t idle = 0, computed = 0;
  for (const ClipKind& kind : clip_kinds(input.jobs)) {
    if (!kind.request.guided()) continue;
    for (const int passes : expected_passes(kind.request, schedule_of(o.model.schedule, *input.checkpoint))) {
      idle += passes == 1 ? kind.clips : 0;
      computed += passes > 0 ? kind.clips : 0;
    }
  }
  if (idle == 0) return;
  table.row("note",
            fmt::format("with --cfg 2 the second group of ranks is idle in {} of {}, outside of guidance intervals",
                        idle, count_text(computed, "step")));
}

// The memory as text. With --text-tower auto, it depends on the GPU whether the text tower is released.
std::string memory_text(const RankMemory& memory, TextTower text_tower) {
  const auto size = [](std::int64_t bytes) {
    constexpr std::int64_t kMega = 1'000'000;
    return bytes < 1000 * kMega ? fmt::format("{} MB", (bytes + kMega - 1) / kMega) : gigabytes(bytes);
  };
  const std::string kept = size(memory.peak(false)), released = size(memory.peak(true));
  const std::string always = fmt::format("one clip of the largest request needs {} on a GPU",
                                         text_tower == TextTower::Release ? released : kept);
  return text_tower == TextTower::Auto ? fmt::format("{}, {} where the text tower is released", always, released)
                                       : always;
}

void describe_memory(const RunInput& input, const Options& o, Table& table) {
  if (!input.checkpoint || input.jobs.empty()) return;
  const RankMemory memory = rank_memory(run_shape_of(o), *input.checkpoint, clip_kinds(input.jobs), o.grid);
  table.row("memory", memory_text(memory, o.model.text_tower));
}

void require_writable(const char* option, const fs::path& folder) {
  require_input(is_folder(folder), fmt::format("{}: {} is not a folder", option, folder.string()));
  require_input(::access(folder.c_str(), W_OK | X_OK) == 0,
                fmt::format("{}: no file can be written in {}: {}", option, folder.string(), std::strerror(errno)));
}

// Throws InputError when a run could not make or use the folder.
void require_usable(const fs::path& out, ManifestShard shard) {
  require_writable("--out", nearest_existing(out));
  for (const char* folder : {"latents", "media", "snapshots"})
    require_writable("--out", nearest_existing(out / folder));
  const std::string held = run_lock_problem(out, shard);
  require_input(held.empty(), held);
}

void describe_out(const RunPlan& plan, const Options& options, Table& table) {
  const auto resumes = std::count_if(plan.jobs.begin(), plan.jobs.end(), [](const ClipJob& job) {
    const auto parts = job.parts();
    return std::any_of(parts.begin(), parts.end(), [](const ClipJob& part) { return part.resumes; });
  });
  std::string found = options.output.folder.string();
  if (!plan.complete.empty()) found += ": " + count_text(std::ssize(plan.complete), "request") + " done earlier";
  if (resumes > 0) found += fmt::format("{} {} to resume", plan.complete.empty() ? ":" : ",", resumes);
  table.row("out", found);
  for (const std::string& warning : plan.warnings) table.row("warning", warning);
}

}  // namespace

std::string validate(const Options& options) {
  Problems problems;
  Table table;
  RunInput input = check_input(options, Unmakeable::IsRefused, problems);
  describe_input(input, options, table);
  describe_videos(input, table);
  problems.attempt([&] {
    describe_idle(input, options, table);
    describe_memory(input, options, table);
  });
  problems.attempt([&] {
    if (!options.log_file.empty()) require_writable("--log-file", fs::absolute(options.log_file).parent_path());
  });
  if (!options.output.folder.empty()) {
    problems.attempt([&] {
      require_usable(options.output.folder, input.shard);
      if (!input.checkpoint) return;
      describe_out(check_out(options, *input.checkpoint, std::move(input.jobs)), options, table);
    });
  }
  problems.require_none();
  return table.text();
}

}  // namespace orrery
