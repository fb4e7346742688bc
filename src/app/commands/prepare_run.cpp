#include "app/commands/prepare_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "app/commands/run_checks.h"
#include "app/manifest/manifest.h"
#include "app/outputs/run_space.h"

namespace orrery {
namespace {

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
  const auto unguided = [](const ClipJob& job) { return !job.request.guided(); };
  const auto first = std::find_if(plan.jobs.begin(), plan.jobs.end(), unguided);
  if (first == plan.jobs.end()) return;
  const auto count = std::count_if(first, plan.jobs.end(), unguided);
  log.warning(
      fmt::format("{} of {} clips have no guidance, the first is \"{}\": with --cfg 2 half of the ranks repeat the "
                  "other half's work there",
                  count, plan.jobs.size(), first->request.id));
}

}  // namespace

RunPlan prepare_run(const Options& options, const Log& log, RootHold& hold) {
  Problems problems;
  RunInput input = check_input(options, Unmakeable::FailsAlone, problems);
  problems.require_none();
  hold.shard = input.shard;
  hold.manifest_requests = input.manifest_requests;
  hold.checkpoint = std::move(input.checkpoint);
  for (const std::string& note : hold.checkpoint->notes) log.warning(note);
  if (!hold.shard.is_whole()) {
    log.info(fmt::format("shard {}: {} of the manifest's {} requests", hold.shard.text(), input.jobs.size(),
                         hold.manifest_requests));
  }
  make_run_folders(options.output.folder);
  hold.lock.emplace(options.output.folder, hold.shard, log);
  RunPlan plan = check_out(options, *hold.checkpoint, std::move(input.jobs));
  for (ClipJob& job : plan.jobs) job.request_json = manifest_line(job.request);
  remove_other_snapshots(plan, {options.output.folder});
  for (const std::string& warning : plan.warnings) log.warning(warning);
  hold.kept_children = std::move(plan.kept_children);
  if (options.grid.cfg == 2) warn_of_idle_ranks(plan, log);
  return plan;
}

}  // namespace orrery
