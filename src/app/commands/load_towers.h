#pragma once

#include <memory>

#include "app/cli/options.h"
#include "app/commands/run_plan.h"
#include "base/core/log.h"
#include "base/parallel/collectives.h"
#include "models/nn/attention.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/clip_memory.h"
#include "pipeline/towers.h"

namespace orrery {

// Where this rank computes, and with whom.
struct RankPlace {
  const Comm& world;
  Collectives& tp;
  Collectives& cfg;
  at::Device device;
  at::ScalarType dtype;
  Attention attention = {};
};

// What the clips' memory is reckoned from.
ModelSizes model_sizes(const CheckpointFiles& checkpoint, const RankPlace& place, VaeSplit split);

// The transformer, loaded as --text-tower says for the jobs of `plan`; auto keeps both towers unless they and the
// largest clip would be too much for some rank's GPU. On a GPU that cannot take the weights an InputError on all ranks
// alike says so before any is read. `place` and `log` must outlive the result. Collective over the world.
std::unique_ptr<Towers> load_towers(const Options& options, const CheckpointFiles& checkpoint, const RunPlan& plan,
                                    const RankPlace& place, const Log& log);

}  // namespace orrery
