#pragma once

#include <memory>

#include "app/commands/load_towers.h"
#include "app/commands/run_context.h"
#include "app/commands/run_plan.h"
#include "base/parallel/collectives.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/media_models.h"
#include "pipeline/clip_memory.h"
#include "pipeline/towers.h"

namespace orrery {

// What a rank needs beside the transformer: only what some job of `plan` that is not refused asks for.
MediaModelSet media_models_for(const RunPlan& plan, const OutputOptions& output, bool is_root);

// What this rank makes a run's clips with: its groups of ranks, and its slices of the models.
struct RunModels {
  // Loads what the jobs of `plan` need. Throws what load_towers throws. `context` must outlive the object. Collective
  // over the world.
  RunModels(const CheckpointFiles& checkpoint, const RunPlan& plan, const RunContext& context,
            const Attention& attention);
  RunModels(const RunModels&) = delete;
  RunModels& operator=(const RunModels&) = delete;

  const std::unique_ptr<Collectives> tp;
  const std::unique_ptr<Collectives> cfg;
  const RankPlace place;
  const ModelSizes sizes;
  const MediaModels media;  // before the towers, so that what they find free is theirs
  const std::unique_ptr<Towers> towers;
};

}  // namespace orrery
