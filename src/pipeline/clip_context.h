#pragma once

#include <cstdint>
#include <string>

#include "base/core/log.h"
#include "base/parallel/comm.h"
#include "base/parallel/stop_flag.h"
#include "pipeline/clip_media.h"
#include "pipeline/clip_needs.h"
#include "pipeline/guidance.h"
#include "pipeline/progress.h"
#include "pipeline/recipe.h"
#include "pipeline/run_folder.h"
#include "pipeline/towers.h"

namespace orrery {

// Settings that all clips of a run share.
struct GenerateSettings {
  RunFolder folder;
  Recipe recipe;
  std::string model_json;
  std::string model_name;
  std::string vae_fingerprint;
  std::string software;
  ModelSizes sizes;
  std::int64_t snapshot_every = 0;  // steps; 0: only when the run stops
};

// What a rank needs to make clips. The references must outlive all copies.
struct ClipContext {
  const Comm& world;
  Towers& towers;
  Collectives& cfg;
  MediaMaker& media;
  const WanEncoder* encoder;  // null on ranks other than 0, and when no request starts from pixels
  GenerateSettings settings;
  StopFlag& stop;
  Progress& progress;
  const Log& log;
};

}  // namespace orrery
