#pragma once

#include <cstdint>
#include <string>

#include "app/cli/options.h"
#include "app/commands/attention_choice.h"
#include "app/commands/run_context.h"
#include "app/manifest/manifest_shard.h"
#include "app/outputs/run_files.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/clip_context.h"

namespace orrery {

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
