#include "app/cli/slurm.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/core/error.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

using Clock = std::chrono::system_clock;

constexpr const char* kJobEnd = "SLURM_JOB_END_TIME";

// Refuses an end in the past: the environment is that of another or an old job.
[[noreturn]] void refuse_past_end(std::int64_t end, std::int64_t seconds_ago) {
  throw InputError(
      fmt::format("{} is {}, which was {} ago ({}): it is left from a job that has ended: "
                  "unset it, or start from a new job",
                  kJobEnd, end, duration_text(static_cast<double>(seconds_ago)), utc_text(end)));
}

// The end of the Slurm job; none outside Slurm, for jobs without a limit, and in versions of Slurm that do not tell.
std::optional<Clock::time_point> end_of_slurm_job(const Environment& variable, Clock::time_point now) {
  const std::optional<std::string> text = variable(kJobEnd);
  const std::optional<std::int64_t> seconds = text ? parse_integer(*text) : std::nullopt;
  constexpr std::int64_t kLatest = std::int64_t{1} << 33;  // later values mean no limit
  if (!seconds || *seconds <= 0 || *seconds > kLatest) return std::nullopt;
  const Clock::time_point end{std::chrono::seconds(*seconds)};
  if (end <= now) refuse_past_end(*seconds, std::chrono::duration_cast<std::chrono::seconds>(now - end).count());
  return end;
}

}  // namespace

std::string lone_task_problem(const Options& options, int ranks, const Environment& variable) {
  const std::optional<std::string> tasks = variable("SLURM_STEP_NUM_TASKS");
  const std::int64_t count = tasks ? parse_integer(*tasks).value_or(1) : 1;
  if (ranks > 1 || count <= 1 || variable("OMPI_COMM_WORLD_SIZE") || options.shard) return "";
  return fmt::format(
      "srun started {} tasks of this program, but each is alone: MPI got no peers from Slurm. Use srun --mpi=pmix "
      "(srun --mpi=list says whether this Slurm has it), or mpirun inside the job; for separate runs, "
      "give each task a --shard",
      count);
}

StopLimits stop_limits(const Options& options, const Environment& variable, Clock::time_point now) {
  StopLimits limits;
  limits.steps = options.stop_after_steps;
  limits.moment = end_of_slurm_job(variable, now);
  if (options.time_limit) {
    const Clock::time_point end = now + *options.time_limit;
    if (!limits.moment || end < *limits.moment) limits.moment = end;
  }
  return limits;
}

}  // namespace orrery
