#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/clip_times.h"
#include "pipeline/request.h"
#include "pipeline/towers.h"

namespace orrery {

// One clip still to make: its request with the texts as token ids.
struct ClipJob {
  Request request;
  PromptIds ids;
  std::string request_json;       // for the latent file, on rank 0 alone
  std::string parent_recipe;      // of the clip that it continues (ParentContent); empty: it continues none
  std::string refusal;            // why this checkpoint cannot make it; empty: it can
  bool latents_done = false;      // the latent file is complete: only the media is missing
  bool resumes = false;           // there is a snapshot to go on from
  std::vector<ClipJob> chunks{};  // of a long clip, in order; empty: it is made at once

  // The clips that are denoised for it: its chunks, or itself.
  std::span<const ClipJob> parts() const { return chunks.empty() ? std::span(this, 1) : std::span(chunks); }
  std::int64_t steps() const { return request.steps * std::ssize(parts()); }
};

// What became of a clip.
struct ClipResult {
  std::string error;  // empty: done, or stopped
  bool stopped = false;
  std::int64_t steps_done = 0;  // of a clip that was stopped
  std::vector<std::string> files;
  PhaseTimes times;                          // of rank 0; their sum is the request's wall time
  std::vector<double> step_seconds;          // of the steps that this run made, on this rank
  std::vector<std::int64_t> computed_steps;  // with a step cache: those of the clip that had their layers computed
  std::string latents_checksum;
  std::optional<std::int64_t> peak_host_memory;  // bytes of rank 0's process; none: the system does not tell
  std::optional<std::int64_t> peak_gpu_memory;   // of tensors, in bytes; peak over ranks; none on a CPU
};

// Takes what became of a clip, on every rank: complete on rank 0; `error` and `stopped` are the same on all.
using DeliverClip = std::function<void(const ClipJob& job, ClipResult result)>;

}  // namespace orrery
