#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "app/plan/clip_work.h"
#include "app/plan/machine_profile.h"
#include "base/core/json.h"
#include "base/parallel/process_grid.h"
#include "models/cost/tower_memory.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"
#include "pipeline/clip_job.h"
#include "pipeline/media_settings.h"

namespace orrery {

// How long a clip takes, in seconds, without loading and without the time that encoding a video on the CPU takes beyond
// the next clip's steps.
struct ClipSeconds {
  double text = 0;
  double attention = 0;  // of all steps, as the next three
  double products = 0;
  double memory = 0;
  double exchange = 0;
  double save = 0;    // while decoding
  double decode = 0;  // with the sound's

  double denoise() const { return attention + products + memory + exchange; }
  double total() const { return text + denoise() + std::max(save, decode); }
};

// `rates`: the machine's, for the formats that `work` was computed for; not empty.
ClipSeconds clip_seconds(const ClipWork& work, const MachineProfile& machine, const StepRates& rates);

// What a run's time and memory depend on beside its clips.
struct RunShape {
  ModelOptions model;
  GridShape grid;
  VaeSplit vae_split = VaeSplit::Exact;
  bool decodes = true;  // makes media, not latents alone
};

// The clips of a manifest that take the same work, with the longest of their texts.
struct ClipKind {
  Request request;  // of the first of them, or of the first that is made from pixels
  PromptIds ids;
  std::int64_t clips = 0;
  ClipWork work;  // of one clip, on one GPU
};

// The kinds in order of their first clips; each clip as if no other one had been made. A long clip's chunks are clips.
std::vector<ClipKind> clip_kinds(const std::vector<ClipJob>& jobs);

// The GPU memory that rank 0 of `grid` needs for the largest of the clips. Reads no weights, needs no GPU.
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
  FullPrecisionSteps full_precision;
  bool has_chunks = false;  // of long clips, which are counted as clips
  RowFormat attention_format = RowFormat::Plain;
  std::vector<ClipKind> kinds;
  std::vector<TopologyForecast> topologies;

  // Of those that fit the one with most clips a GPU hour, and the one with the shortest time per clip; null: none fits.
  const TopologyForecast* most_clips() const;
  const TopologyForecast* shortest() const;
};

// Computed from sizes and a machine's rates; reads no weights and needs no GPU. Throws InputError.
Forecast make_forecast(const RunShape& run, const PlanOptions& options, const CheckpointFiles& checkpoint,
                       const std::vector<ClipJob>& jobs);

// A page for people: tables, and which topology is best.
std::string page_of(const Forecast& forecast);

// All that the page shows, unrounded, in bytes, seconds and floating-point operations.
Json to_json(const Forecast& forecast);

}  // namespace orrery
