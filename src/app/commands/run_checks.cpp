#include "app/commands/run_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "app/cli/slurm.h"
#include "app/manifest/manifest.h"
#include "app/outputs/run_space.h"
#include "base/core/file.h"
#include "base/core/host.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

ManifestShard shard_of(const Options& options) {
  return options.shard ? *options.shard : slurm_array_shard().value_or(ManifestShard{});
}

// Throws InputError when there is not even space for the next clips.
void check_space(RunPlan& plan, const ClipSpace& space, const std::filesystem::path& out) {
  const std::filesystem::path disk = nearest_existing(out);
  if (const std::optional<std::int64_t> bytes = available_bytes(disk)) {
    const SpaceVerdict verdict = judge_space(plan.jobs, space, *bytes, out);
    require_input(verdict.refusal.empty(), verdict.refusal);
    if (!verdict.warning.empty()) plan.warnings.push_back(verdict.warning);
  }
  const std::optional<std::int64_t> files = available_files(disk);
  if (!files || plan.jobs.empty()) return;
  const std::string refusal = lack_of_files(plan.jobs.front(), space, *files, out);
  require_input(refusal.empty(), refusal);
}

// Removes snapshots from which no clip resumes (of clips that start over or were killed just after their last step),
// and files that a killed writer left.
void remove_other_snapshots(const RunPlan& plan, const RunFolder& folder) {
  const auto remove = [&](const std::string& id, const char* ending) {
    std::error_code ignored;
    std::filesystem::remove(folder.snapshot(id).string() + ending, ignored);
  };
  for (const std::string& id : plan.complete) remove(id, "");
  for (const ClipJob& job : plan.jobs) {
    for (const ClipJob& part : job.parts()) {
      remove(part.request.id, ".tmp");
      if (!part.resumes) remove(part.request.id, "");
    }
  }
}

// Warns of clips with so few steps that all are computed in full precision, as with few-step checkpoints: 8 bits then
// only round the weights.
void warn_of_full_precision(RunPlan& plan, const FullPrecisionSteps& steps) {
  const auto all_full = [&](const ClipJob& job) { return job.request.steps <= steps.first + steps.last; };
  const auto first = std::find_if(plan.jobs.begin(), plan.jobs.end(), all_full);
  if (first == plan.jobs.end()) return;
  plan.warnings.push_back(
      fmt::format("in {} of {} no step is in 8 bits, the first is \"{}\" of {}: "
                  "with --full-precision-steps {},{} all of their steps are in full precision",
                  std::count_if(first, plan.jobs.end(), all_full), count_text(std::ssize(plan.jobs), "clip"),
                  first->request.id, count_text(first->request.steps, "step"), steps.first, steps.last));
}

void warn_of_idle_ranks(const RunPlan& plan, const Log& log) {
  const auto unguided = [](const ClipJob& job) { return !job.request.guided(); };
  const auto first = std::find_if(plan.jobs.begin(), plan.jobs.end(), unguided);
  if (first == plan.jobs.end()) return;
  const auto count = std::count_if(first, plan.jobs.end(), unguided);
  log.warning(
      fmt::format("no guidance in {} of {}, the first is \"{}\": "
                  "for these, --cfg 2 makes half of the ranks repeat the work of the other half",
                  count, count_text(std::ssize(plan.jobs), "clip"), first->request.id));
}

}  // namespace

RunInput check_input(const Options& options, Unmakeable unmakeable, Problems& problems) {
  RunInput input;
  problems.attempt([&] { stop_limits(options); });
  problems.attempt([&] { input.shard = shard_of(options); });
  problems.attempt([&] {
    CheckpointFiles checkpoint = open_checkpoint(options.model.checkpoint);
    audit_checkpoint(checkpoint, options.grid);
    require_schedule(options.model.schedule, checkpoint);
    input.checkpoint = std::move(checkpoint);
  });
  problems.attempt([&] {
    input.jobs = plan_jobs(options, input.checkpoint ? &*input.checkpoint : nullptr, unmakeable);
    input.manifest_requests = std::ssize(input.jobs);
    input.jobs = jobs_of(input.shard, std::move(input.jobs));
  });
  return input;
}

RunPlan check_out(const Options& options, const CheckpointFiles& checkpoint, std::vector<ClipJob> jobs) {
  RunPlan plan = skip_complete(std::move(jobs), options, checkpoint);
  check_space(plan, ClipSpace(checkpoint.transformer_config, options.output), options.output.folder);
  warn_of_full_precision(plan, full_precision_steps(options.model, checkpoint));
  return plan;
}

RunPlan prepare_run(const Options& options, const Log& log, RootHold& hold) {
  Problems problems;
  RunInput input = check_input(options, Unmakeable::FailsAlone, problems);
  problems.require_none();
  hold.shard = input.shard;
  hold.manifest_requests = input.manifest_requests;
  hold.checkpoint = std::move(input.checkpoint);
  for (const std::string& note : hold.checkpoint->notes) log.warning(note);
  if (!hold.shard.is_whole()) {
    log.info(fmt::format("shard {}: {} of the manifest's {}", hold.shard.text(), input.jobs.size(),
                         count_text(hold.manifest_requests, "request")));
  }
  make_run_folders(options.output.folder);
  hold.lock.emplace(options.output.folder, hold.shard, log);
  RunPlan plan = check_out(options, *hold.checkpoint, std::move(input.jobs));
  for (ClipJob& job : plan.jobs) {
    job.request_json = manifest_line(job.request);
    for (ClipJob& chunk : job.chunks) chunk.request_json = manifest_line(chunk.request);
  }
  remove_other_snapshots(plan, {options.output.folder});
  for (const std::string& warning : plan.warnings) log.warning(warning);
  hold.kept_children = std::move(plan.kept_children);
  if (options.grid.cfg == 2) warn_of_idle_ranks(plan, log);
  return plan;
}

}  // namespace orrery
