#include <algorithm>
#include <vector>

#include "app/commands/commands.h"
#include "app/commands/run_plan.h"
#include "app/plan/forecast.h"
#include "base/core/error.h"
#include "base/core/json.h"

namespace orrery {

void plan(const Options& options, std::ostream& out) {
  const CheckpointFiles checkpoint = open_checkpoint(options.model.checkpoint);
  std::vector<ClipJob> jobs = plan_jobs(options, &checkpoint);
  if (options.shard) jobs = jobs_of(*options.shard, std::move(jobs));
  for (const ClipJob& job : jobs) {
    require_input(job.refusal.empty(), options.manifest.string() + ": \"" + job.request.id + "\": " + job.refusal);
  }
  require_input(!jobs.empty(),
                options.manifest.string() + ": no clips in it" + (options.shard ? " for this --shard" : ""));
  const Forecast forecast = make_forecast(run_shape_of(options), options.plan, checkpoint, jobs);
  if (options.json) {
    out << json_text(to_json(forecast)) << "\n";
  } else {
    out << page_of(forecast);
  }
}

}  // namespace orrery
