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

// One clip to make: its request with the texts as token ids.
struct ClipJob {
  Request request;
  PromptIds ids;
  std::string request_json;       // for the latent file, on rank 0 only
  std::string parent_recipe;      // recipe of the clip that it continues (ParentContent); empty: none
  std::string refusal;            // why this checkpoint cannot make the clip; empty: it can
  bool latents_done = false;      // the latent file is complete; only the media are missing
  bool resumes = false;           // there is a snapshot to resume from
  std::vector<ClipJob> chunks{};  // chunks of a long clip, in order; empty: the clip is not long

  // The clips that are denoised for the job: its chunks, or itself.
  std::span<const ClipJob> parts() const { return chunks.empty() ? std::span(this, 1) : std::span(chunks); }
  std::int64_t steps() const { return request.steps * std::ssize(parts()); }
};

// The result of making a clip.
struct ClipResult {
  std::string error;  // empty: done or stopped
  bool stopped = false;
  std::int64_t steps_done = 0;  // when the clip was stopped
  std::vector<std::string> files;
  PhaseTimes times;                          // on rank 0; the sum is the request's wall time
  std::vector<double> step_seconds;          // time of each step of this run, on this rank
  std::vector<std::int64_t> computed_steps;  // with a step cache: the steps whose layers were computed
  std::string latents_checksum;
  std::optional<std::int64_t> peak_host_memory;  // peak of rank 0's process [bytes]; none: not known
  std::optional<std::int64_t> peak_gpu_memory;   // of tensors [bytes], peak over ranks; none on a CPU
};

// Receives a clip's result on every rank: complete on rank 0; only `error` and `stopped` are equal on all ranks.
using DeliverClip = std::function<void(const ClipJob& job, ClipResult result)>;

}  // namespace orrery
