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

// The estimated time of a clip [s]. Excludes the loading of weights, and the part of a video's encoding on the CPU that
// takes longer than the next clip's steps.
struct ClipSeconds {
  double text = 0;
  double attention = 0;  // in all steps, like products, memory and exchange
  double products = 0;
  double memory = 0;
  double exchange = 0;
  double save = 0;    // of the latent file, at the same time as decoding
  double decode = 0;  // video and sound

  double denoise() const { return attention + products + memory + exchange; }
  double total() const { return text + denoise() + std::max(save, decode); }
};

// `rates` are the machine's rates for the formats of `work`; they must not be empty.
ClipSeconds clip_seconds(const ClipWork& work, const MachineProfile& machine, const StepRates& rates);

// The settings of a run that decide its time and memory, apart from the clips.
struct RunShape {
  ModelOptions model;
  GridShape grid;
  VaeSplit vae_split = VaeSplit::Exact;
  bool decodes = true;  // makes media, not only latents
};

// Clips of a manifest that need the same work.
struct ClipKind {
  Request request;  // of the first clip that is made from pixels; without one, of the first clip
  PromptIds ids;    // the longest of the clips' texts
  std::int64_t clips = 0;
  ClipWork work;  // of one clip on one GPU
};

// The kinds in order of their first clips, as if no clip were finished. The chunks of a long clip count as clips.
std::vector<ClipKind> clip_kinds(const std::vector<ClipJob>& jobs);

// The GPU memory that rank 0 of `grid` needs for the largest clip. Reads no weights and needs no GPU.
RankMemory rank_memory(const RunShape& run, const CheckpointFiles& checkpoint, const std::vector<ClipKind>& kinds,
                       const GridShape& grid);

// The forecast for all clips of a manifest on one grid.
struct TopologyForecast {
  GridShape grid;
  RankMemory memory;
  bool released = false;  // whether the text tower is released before the media tower is loaded
  bool fits = false;
  std::vector<ClipWork> work;        // one rank's work for one clip, by kind
  std::vector<ClipSeconds> seconds;  // one clip, by kind
  std::int64_t clips = 0;
  double all_seconds = 0;     // all clips, one after another
  double idle_gpu_hours = 0;  // the second cfg group's, in steps outside guidance intervals

  int gpus() const { return grid.ranks(); }
  double gpu_hours() const { return all_seconds * gpus() / 3600; }
  double clips_per_gpu_hour() const { return static_cast<double>(clips) / gpu_hours(); }
  double seconds_per_clip() const { return all_seconds / static_cast<double>(clips); }
};

struct Forecast {
  std::string checkpoint;
  MachineProfile machine;
  std::string rates_from;             // "built in", or the profile's file
  std::vector<std::string> borrowed;  // rates that are missing in that file and are built in
  std::int64_t gpu_memory = 0;        // for tensors [bytes]
  int gpus = 0;                       // available
  RowFormat products = RowFormat::Plain;
  FullPrecisionSteps full_precision;
  bool has_chunks = false;  // the counts include chunks of long clips
  RowFormat attention_format = RowFormat::Plain;
  std::vector<ClipKind> kinds;
  std::vector<TopologyForecast> topologies;

  // The topologies that fit with the most clips per GPU hour and with the shortest time per clip; null: none fits.
  const TopologyForecast* most_clips() const;
  const TopologyForecast* shortest() const;
};

// Computes the forecast from sizes and a machine's rates. Reads no weights and needs no GPU. Throws InputError.
Forecast make_forecast(const RunShape& run, const PlanOptions& options, const CheckpointFiles& checkpoint,
                       const std::vector<ClipJob>& jobs);

// A page for people: tables, and the best topologies.
std::string page_of(const Forecast& forecast);

// Everything on the page, unrounded, in bytes, seconds and FLOPs.
Json to_json(const Forecast& forecast);

}  // namespace orrery
