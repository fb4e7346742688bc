#include "app/cli/launch.h"

#include <cstdint>
#include <optional>

#include "base/core/numbers.h"

namespace orrery {

std::string lone_task_problem(const Options& options, int ranks, const Environment& variable) {
  const std::optional<std::string> tasks = variable("SLURM_STEP_NUM_TASKS");
  const std::int64_t count = tasks ? parse_integer(*tasks).value_or(1) : 1;
  if (ranks > 1 || count <= 1 || variable("OMPI_COMM_WORLD_SIZE") || options.shard) return "";
  return "srun started " + std::to_string(count) +
         " tasks of this program, but each is alone: MPI got no peers from Slurm. Use srun --mpi=pmix (srun "
         "--mpi=list says whether this Slurm has it), or mpirun inside the job; for runs of their own give "
         "each task a --shard";
}

}  // namespace orrery
