#include "app/commands/clip_loop.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

#include "base/core/stopwatch.h"

namespace orrery {
namespace {

// "[3/120] drive-0003"
std::string label_of(const ClipJob& job, std::size_t index, std::size_t count) {
  return fmt::format("[{}/{}] {}", index + 1, count, job.request.id);
}

// Why the clip should not be made, or "". Collective, since rank 0 checks the disk.
std::string reason_to_skip(const ClipJob& job, const std::set<std::string>& failed_ids, const OutProblem& out_problem,
                           const RunContext& context) {
  if (!job.refusal.empty()) return job.refusal;
  if (!job.resumes && failed_ids.contains(job.request.parent)) {
    return fmt::format("{}: the clip it continues, \"{}\", failed",
                       job.request.encodes_parent ? "continues" : "condition_latents", job.request.parent);
  }
  return context.world.from_root([&] { return out_problem(job); });
}

ClipResult skipped(std::string reason, const PhaseTimes& before) {
  ClipResult result;
  result.error = std::move(reason);
  result.times = before;
  return result;
}

// Whether --on-error stop ends the run here.
bool ends_by_failure(Generator& generator, const ClipRecords& records, const RunContext& context) {
  if (context.options.on_error != OnError::Stop) return false;
  // Waits for all files, since a clip may still fail while its video is written.
  generator.finish();
  if (records.failed_ids().empty()) return false;
  if (context.world.is_root()) context.log.warning("stopping after the first failure, as --on-error stop says");
  return true;
}

}  // namespace

void make_clips(const RunPlan& plan, Generator& generator, ClipRecords& records, const OutProblem& out_problem,
                Progress& progress, RunContext& context) {
  Stopwatch since_last;
  for (std::size_t i = 0; i < plan.jobs.size() && !context.stop.agree(generator.seconds_ahead()); ++i) {
    const ClipJob& job = plan.jobs[i];
    // Waits for the parent's media check, since a clip must not continue one that may still be refused.
    if (context.options.gates.media && !job.request.parent.empty()) generator.finish();
    const std::string reason = reason_to_skip(job, records.failed_ids(), out_problem, context);
    // A stop ends the wait for --check-prompt without an answer.
    if (reason.empty() && context.options.gates.prompt && context.stop.agree()) break;
    PhaseTimes before;
    before.add("between", since_last.seconds());
    const std::string label = label_of(job, i, plan.jobs.size());
    progress.clip_begins(label, work_of(job.request));
    if (reason.empty()) {
      generator(job, label, before, i + 1 < plan.jobs.size() ? &plan.jobs[i + 1] : nullptr);
    } else {
      generator.finish();
      records.add(job, skipped(reason, before));
    }
    const bool ended = ends_by_failure(generator, records, context);
    since_last.restart();
    if (ended) break;
  }
  progress.phase("encode");
  generator.finish();
  progress.finish();
}

}  // namespace orrery
