#include "app/commands/run_checks.h"

#include <filesystem>
#include <iterator>
#include <utility>

#include "app/cli/slurm.h"
#include "app/outputs/run_space.h"
#include "base/core/file.h"
#include "base/core/host.h"

namespace orrery {
namespace {

ManifestShard shard_of(const Options& options) {
  return options.shard ? *options.shard : slurm_array_shard().value_or(ManifestShard{});
}

// Throws InputError when the disk cannot even hold the next clips.
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

}  // namespace

RunInput check_input(const Options& options, Unmakeable unmakeable, Problems& problems) {
  RunInput input;
  problems.attempt([&] { stop_limits(options); });
  problems.attempt([&] { input.shard = shard_of(options); });
  problems.attempt([&] {
    CheckpointFiles checkpoint = open_checkpoint(options.model.checkpoint);
    audit_checkpoint(checkpoint, options.grid.tp);
    require_own_schedule(options.model.schedule, checkpoint.own_schedule_problem);
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
  return plan;
}

}  // namespace orrery
