#include "app/outputs/run_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/host.h"
#include "base/core/numbers.h"
#include "pipeline/chunks.h"
#include "pipeline/clip_needs.h"

namespace orrery {
namespace {

constexpr std::int64_t kHeader = 64 << 10;  // bytes of a file besides data: texts, ids, chunk tables

// A clip's files may still be being written while the next clip is made.
constexpr std::size_t kClipsAtOnce = 2;

std::string needed_and_there(std::int64_t needed, std::int64_t available) {
  return fmt::format("about {}, and {} are free", bytes_text(needed), bytes_text(available));
}

}  // namespace

ClipSpace::ClipSpace(const Cosmos3Config& config, const OutputOptions& output) : config_(config), output_(output) {}

std::int64_t ClipSpace::latents(const Request& request) const {
  if (request.is_long()) {
    std::int64_t all = 0;
    for (const Request& part : parts_of(request)) all += latents(part) + kHeader;
    return all;
  }
  return media_shape(request, config_).values() * std::int64_t{sizeof(float)};
}

std::vector<Artifact> ClipSpace::artifacts(const Request& request) const {
  return artifacts_of({output_.folder}, request, output_.media);
}

std::int64_t ClipSpace::files(const ClipJob& job) const {
  const std::int64_t latent_file = job.latents_done ? 0 : latents(job.request) + kHeader;
  double media = 0;
  for (const Artifact& each : artifacts(job.request)) media += each.wanted ? each.bytes : 0;
  return latent_file + static_cast<std::int64_t>(media) + kHeader;
}

std::int64_t ClipSpace::snapshots(const ClipJob& job) const {
  if (job.latents_done) return 0;
  if (!job.chunks.empty()) return snapshots(job.chunks.front());  // the first chunk is the largest
  constexpr std::int64_t kArrays = 4;                             // the sample, the last sample, two model outputs
  const StepCacheSettings& cache = job.request.step_cache;
  // Arrays of a step cache: for each branch, the layers' contributions in the last order + 1 computed steps, and the
  // video's filtered latents.
  const std::int64_t cached = cache.on() ? job.request.branches() * (cache.order + 2) : 0;
  return 2 * ((kArrays + cached) * latents(job.request) + kHeader);
}

std::int64_t ClipSpace::file_count(const ClipJob& job) const {
  constexpr std::int64_t kLatentsAndSnapshots = 3;
  std::int64_t count = job.latents_done ? 0 : kLatentsAndSnapshots + std::ssize(job.chunks);
  for (const Artifact& each : artifacts(job.request)) count += 1 + (each.wanted ? each.more_files : 0);
  return count;
}

SpaceVerdict judge_space(const std::vector<ClipJob>& jobs, const ClipSpace& space, std::int64_t available,
                         const std::filesystem::path& out) {
  std::int64_t next = 0;
  std::int64_t all = 0;
  std::int64_t largest_snapshots = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!jobs[i].refusal.empty()) continue;
    largest_snapshots = std::max(largest_snapshots, space.snapshots(jobs[i]));
    all += space.files(jobs[i]);
    if (i < kClipsAtOnce) next = all + largest_snapshots;
  }
  if (available < next) {
    return {fmt::format("{}: no room: the next clips need {}: free some, or choose another --out", out.string(),
                        needed_and_there(next, available)),
            ""};
  }
  if (available >= all + largest_snapshots) return {};
  return {"", fmt::format("{}: {} {} {}: the last of them may fail", out.string(), jobs.size(),
                          jobs.size() == 1 ? "clip needs" : "clips need",
                          needed_and_there(all + largest_snapshots, available))};
}

std::string lack_of_space(const ClipJob& job, const ClipSpace& space, std::int64_t available,
                          const std::filesystem::path& out) {
  const std::int64_t needed = space.files(job);
  if (available >= needed) return "";
  return fmt::format("{}: no room: the clip's files need {}", out.string(), needed_and_there(needed, available));
}

std::string lack_of_files(const ClipJob& job, const ClipSpace& space, std::int64_t available,
                          const std::filesystem::path& out) {
  const std::int64_t needed = space.file_count(job);
  if (available >= needed) return "";
  return fmt::format(
      "{}: no room: the clip makes up to {} files, and the file system has {} left (inodes, df -i): remove some files, "
      "or choose another --out",
      out.string(), needed, available);
}

std::string write_problem(const ClipJob& job, const ClipSpace& space, const std::filesystem::path& out) {
  try {
    make_run_folders(out);
  } catch (const InputError& e) {
    return e.what();
  }
  const std::optional<std::int64_t> bytes = available_bytes(out);
  std::string problem = bytes ? lack_of_space(job, space, *bytes, out) : "";
  if (!problem.empty()) return problem;
  const std::optional<std::int64_t> files = available_files(out);
  return files ? lack_of_files(job, space, *files, out) : "";
}

void make_run_folders(const std::filesystem::path& out) {
  for (const auto& folder : {out, out / "latents", out / "media", out / "snapshots"}) require_writable_folder(folder);
}

}  // namespace orrery
