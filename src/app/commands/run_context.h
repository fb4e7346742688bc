#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "app/cli/options.h"
#include "app/commands/attention_choice.h"
#include "app/manifest/manifest_shard.h"
#include "app/outputs/run_files.h"
#include "base/core/error.h"
#include "base/core/log.h"
#include "base/core/stopwatch.h"
#include "base/device/gpu.h"
#include "base/parallel/comm.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/stop_flag.h"
#include "models/kernels/scaled_rows.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/clip_context.h"

namespace orrery {

// What a run has on every rank from its first line to its last; its parts refer to it.
struct RunContext {
  // From here on signals ask for a stop, and this process has its share of the cores. Throws InputError when the ranks
  // do not make the grid or the device cannot do what the options ask for. Collective over `world`, which must, like
  // `options`, outlive the object.
  RunContext(const Options& options, const Comm& world);

  const Options& options;
  const Comm& world;
  const ProcessGrid grid;
  StopFlag stop;
  Log log;
  const Stopwatch total;
  const at::Device device;
};

// Throws InputError when `device` cannot multiply in the format of --gemm.
inline void require_products(RowFormat products, at::Device device) {
  if (products == RowFormat::Plain || device.is_cpu()) return;
  require_input(multiplies_float8(device.index()), "--gemm fp8: " + gpu_name(device.index()) +
                                                       " has no products in 8 bits with a factor a row (NVIDIA Hopper "
                                                       "and later have them): leave the option out");
}

// What a user should know of an axis whose groups have ranks on several nodes; empty: nothing.
std::string distance_warning(const std::string& axis);

// Warns of them, on rank 0. Collective over the world.
void warn_of_distant_ranks(const RunContext& context);

// How many ranks there are, and how many along each axis.
Json topology_of(const GridShape& grid);

// What all clips of the run share, but for `sizes`.
GenerateSettings settings_of(const Options& options, const CheckpointFiles& checkpoint, AttentionKernel attention);

// What run.json says of the run. `manifest_requests`: of all shards together.
RunFacts facts_of(const RunContext& context, const CheckpointFiles& checkpoint, const AttentionChoice& attention,
                  std::int64_t manifest_requests);

// The options as a job file, with the shard that a job array gave.
std::string config_of(Options options, ManifestShard shard);

}  // namespace orrery
