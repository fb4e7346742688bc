#include "app/prepare_run.h"

#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/run_space.h"
#include "core/disk_space.h"
#include "core/error.h"
#include "core/file.h"

namespace orrery {
namespace {

ManifestShard shard_of(const Options& options) {
  return options.shard ? *options.shard : slurm_array_shard().value_or(ManifestShard{});
}

std::vector<ClipJob> jobs_of_this_shard(ManifestShard shard, std::vector<ClipJob> jobs, const Log& log) {
  const std::size_t all = jobs.size();
  jobs = jobs_of(shard, std::move(jobs));
  if (!shard.is_whole()) {
    log.info("shard " + shard.text() + ": " + std::to_string(jobs.size()) + " of the manifest's " +
             std::to_string(all) + " requests");
  }
  return jobs;
}

void make_folders(const std::filesystem::path& out) {
  for (const auto& folder : {out, out / "latents", out / "media", out / "snapshots"}) require_writable_folder(folder);
}

// Throws InputError when the disk cannot even hold the next clips.
void check_space(const RunPlan& plan, const ClipSpace& space, const std::filesystem::path& out, const Log& log) {
  const std::optional<std::int64_t> available = available_bytes(out);
  if (!available) return;
  const SpaceVerdict verdict = judge_space(plan.jobs, space, *available, out);
  require_input(verdict.refusal.empty(), verdict.refusal);
  if (!verdict.warning.empty()) log.warning(verdict.warning);
}

// Snapshots that no clip goes on from: of clips that start over, or were killed just after their last step; and what a
// killed writer left.
void remove_other_snapshots(const RunPlan& plan, const RunFolder& folder) {
  const auto remove = [&](const std::string& id, const char* ending) {
    std::error_code ignored;
    std::filesystem::remove(folder.snapshot(id).string() + ending, ignored);
  };
  for (const std::string& id : plan.complete) remove(id, "");
  for (const ClipJob& job : plan.jobs) {
    remove(job.request.id, ".tmp");
    if (!job.resumes) remove(job.request.id, "");
  }
}

void warn_of_idle_ranks(const RunPlan& plan, const Log& log) {
  for (const ClipJob& job : plan.jobs) {
    if (job.request.guided()) continue;
    log.warning("id \"" + job.request.id +
                "\" has no guidance: with --cfg 2 half of the ranks repeat the other half's work");
  }
}

}  // namespace

RunPlan prepare_run(const Options& options, const CheckpointFiles& checkpoint, const Log& log, RootHold& hold) {
  hold.shard = shard_of(options);
  audit_checkpoint(checkpoint, options.grid.tp);
  require_own_schedule(options.schedule, checkpoint.own_schedule_problem);
  for (const std::string& note : checkpoint.notes) log.warning(note);
  std::vector<ClipJob> jobs = plan_jobs(options, checkpoint);
  hold.manifest_requests = std::ssize(jobs);
  jobs = jobs_of_this_shard(hold.shard, std::move(jobs), log);
  make_folders(options.out);
  hold.lock.emplace(options.out, hold.shard, log);
  RunPlan plan = skip_complete(std::move(jobs), options, checkpoint);
  check_space(plan, ClipSpace(checkpoint.transformer_config, options), options.out, log);
  remove_other_snapshots(plan, {options.out});
  for (const std::string& warning : plan.warnings) log.warning(warning);
  hold.kept_children = std::move(plan.kept_children);
  if (options.grid.cfg == 2) warn_of_idle_ranks(plan, log);
  return plan;
}

}  // namespace orrery
