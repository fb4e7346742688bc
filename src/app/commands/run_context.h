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

// State of a run on every rank, from its beginning to its end; the run's parts keep references to it.
struct RunContext {
  // From now on, signals ask for a stop, and this process uses its share of the cores. Throws InputError when the
  // number of ranks does not match the grid or the device does not support the options. Collective over `world`;
  // `world` and `options` must outlive the object.
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
                                                       " does not multiply in 8 bits with a factor for each row "
                                                       "(NVIDIA Hopper and later do): leave the option out");
}

// A warning about an axis whose groups have ranks on several nodes; empty when it does not matter.
std::string distance_warning(const std::string& axis);

// Prints distance_warning() of all such axes, on rank 0. Collective over the world.
void warn_of_distant_ranks(const RunContext& context);

// The number of ranks, in total and along each axis, for run.json.
Json topology_of(const GridShape& grid);

// The settings of all clips of the run, without `sizes`.
GenerateSettings settings_of(const Options& options, const CheckpointFiles& checkpoint, AttentionKernel attention);

// The facts about the run for run.json. `manifest_requests` is the number in all shards together.
RunFacts facts_of(const RunContext& context, const CheckpointFiles& checkpoint, const AttentionChoice& attention,
                  std::int64_t manifest_requests);

// The options as a job file, including the shard that a job array set.
std::string config_of(Options options, ManifestShard shard);

}  // namespace orrery
