#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/plan/clip_seconds.h"
#include "app/plan/plan_options.h"
#include "base/parallel/process_grid.h"
#include "models/cost/rank_memory.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"
#include "pipeline/clip_job.h"
#include "pipeline/vae_split.h"

namespace orrery {

// What a run's time and memory depend on beside its clips.
struct RunShape {
  ModelOptions model;
  GridShape grid;
  VaeSplit vae_split = VaeSplit::Exact;
  bool decodes = true;  // makes media, not latents alone
};

// The clips of a manifest that take the same work, with the longest of their texts.
struct ClipKind {
  Request request;  // of the first of them
  PromptIds ids;
  std::int64_t clips = 0;
  ClipWork work;  // of one clip, on one GPU
};

// The kinds in order of their first clips; each clip as if no other one had been made.
std::vector<ClipKind> clip_kinds(const std::vector<ClipJob>& jobs);

// What rank 0 of `grid` holds of GPU memory, for the largest of the clips. Reads no weights, needs no GPU.
RankMemory rank_memory(const RunShape& run, const CheckpointFiles& checkpoint, const std::vector<ClipKind>& kinds,
                       const GridShape& grid);

// A manifest on one way to spread the model.
struct TopologyForecast {
  GridShape grid;
  RankMemory memory;
  bool released = false;  // the text tower, before the media tower comes
  bool fits = false;
  std::vector<ClipWork> work;        // of a rank for a clip, by kind
  std::vector<ClipSeconds> seconds;  // of a clip, by kind
  std::int64_t clips = 0;
  double all_seconds = 0;     // of all clips, one after another
  double idle_gpu_hours = 0;  // of the second cfg group, in steps outside of guidance intervals

  int gpus() const { return grid.ranks(); }
  double gpu_hours() const { return all_seconds * gpus() / 3600; }
  double clips_per_gpu_hour() const { return static_cast<double>(clips) / gpu_hours(); }
  double seconds_per_clip() const { return all_seconds / static_cast<double>(clips); }
};

struct Forecast {
  std::string checkpoint;
  MachineProfile machine;
  std::string rates_from;             // "built in", or the profile's file
  std::vector<std::string> borrowed;  // what that file does not tell
  std::int64_t gpu_memory = 0;        // bytes, for tensors
  int gpus = 0;                       // that there are
  RowFormat products = RowFormat::Plain;
  std::vector<ClipKind> kinds;
  std::vector<TopologyForecast> topologies;

  // Of those that fit the one with most clips a GPU hour, and the one with the shortest time per clip; null: none fits.
  const TopologyForecast* most_clips() const;
  const TopologyForecast* shortest() const;
};

// By arithmetic on sizes and the rates of a machine. Reads no weights, needs no GPU. Throws InputError.
Forecast make_forecast(const RunShape& run, const PlanOptions& options, const CheckpointFiles& checkpoint,
                       const std::vector<ClipJob>& jobs);

}  // namespace orrery
