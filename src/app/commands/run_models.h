#pragma once

#include <memory>

#include "app/cli/options.h"
#include "app/commands/run_context.h"
#include "app/commands/run_plan.h"
#include "base/core/log.h"
#include "base/parallel/rank_groups.h"
#include "models/nn/attention.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/media_models.h"
#include "pipeline/clip_needs.h"
#include "pipeline/towers.h"

namespace orrery {

// This rank's device, dtype and groups.
struct RankPlace {
  const Comm& world;
  const RankGroups& groups;
  at::Device device;
  at::ScalarType dtype;
  Attention attention = {};
};

// The sizes from which a clip's memory is estimated.
ModelSizes model_sizes(const CheckpointFiles& checkpoint, const RankPlace& place, const Options& options);

// Loads the transformer as --text-tower says, for the jobs of `plan`; auto keeps both towers unless they do not fit
// some rank's GPU together with the largest clip. Throws InputError on all ranks, before any weight is read, when the
// weights do not fit some rank's GPU. `place` and `log` must outlive the result. Collective over the world.
std::unique_ptr<Towers> load_towers(const Options& options, const CheckpointFiles& checkpoint, const RunPlan& plan,
                                    const RankPlace& place, const Log& log);

// The models, besides the transformer, that a rank needs for the jobs of `plan` that are not refused.
MediaModelSet media_models_for(const RunPlan& plan, const OutputOptions& output, bool is_root);

// This rank's groups and its slices of the models.
struct RunModels {
  // Loads what the jobs of `plan` need. Throws what load_towers throws. `context` must outlive the object. Collective
  // over the world.
  RunModels(const CheckpointFiles& checkpoint, const RunPlan& plan, const RunContext& context,
            const Attention& attention);
  RunModels(const RunModels&) = delete;
  RunModels& operator=(const RunModels&) = delete;

  const RankGroups groups;
  const RankPlace place;
  const ModelSizes sizes;
  const MediaModels media;  // before the towers, which use the remaining memory
  const std::unique_ptr<Towers> towers;
};

}  // namespace orrery
