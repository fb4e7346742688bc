#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/stopwatch.h"
#include "parallel/comm.h"
#include "pipeline/clip_media.h"
#include "pipeline/condition.h"
#include "pipeline/guidance.h"
#include "pipeline/memory.h"
#include "pipeline/phase_clock.h"
#include "pipeline/request.h"
#include "pipeline/towers.h"
#include "sampler/schedule.h"
#include "storage/latent_store.h"

namespace orrery {

// One clip still to make: its request with the texts as token ids.
struct ClipJob {
  Request request;
  PromptIds ids;
  std::string request_json;   // for the latent file
  std::string refusal;        // why this checkpoint cannot make it; empty: it can
  bool latents_done = false;  // the latent file is complete: only the media is missing
};

struct ClipResult {
  std::string error;  // empty: done
  std::vector<std::string> files;
  PhaseTimes times;  // of rank 0; their sum is the request's wall time
  std::string latents_checksum;
  std::optional<std::int64_t> peak_gpu_memory;  // bytes that tensors held at most, of the rank with most; none on a CPU
};

// What all clips of a run share.
struct GenerateSettings {
  RunFolder folder;
  ScheduleKind schedule = ScheduleKind::Native;
  MediaSettings media;
  std::string model_json;
  std::string model_name;
  std::string vae_fingerprint;
  std::string software;
  ModelSizes sizes;
};

// The parts of the model that work on rank 0 alone; each is null where no request needs it.
struct RootModels {
  MediaDecoders decoders;
  const WanEncoder* encoder = nullptr;
};

// Makes clips one after another: condition, text, denoising, latent file, media. Every rank denoises; rank 0 encodes,
// decodes and writes while the others wait. References must outlive the object.
class Generator {
 public:
  Generator(const Comm& world, Towers& towers, Collectives& cfg, RootModels root, GenerateSettings settings,
            const Log& log);

  // Collective over the world; the result is complete on rank 0, `error` is the same on all. A condition that cannot be
  // read, too little GPU memory, latents that are not finite, or a failure of rank 0 while decoding or writing end up
  // in `error`; anything else is thrown.
  ClipResult operator()(const ClipJob& job, const std::string& label) const;

 private:
  void make_clip(const ClipJob& job, const std::string& label, ClipResult& result) const;
  // The towers loaded, and enough memory. Throws RequestFailed on all ranks alike.
  void prepare(const ClipJob& job, PhaseClock& clock) const;
  MediaShape shape_of(const Request& request) const;
  Condition condition_for(const Request& request, const MediaShape& shape) const;
  MediaLatents make_latents(const ClipJob& job, const Condition& condition, const MediaShape& shape,
                            const std::string& label, PhaseClock& clock) const;
  // Rank 0's part: files from latents; with undefined latents the latent file is read back.
  void write_files(const ClipJob& job, const Condition& condition, MediaLatents latents, PhaseClock& clock,
                   ClipResult& result) const;
  // Of the rank with most, on rank 0. Collective over the world.
  std::optional<std::int64_t> peak_gpu_memory() const;
  LatentFile latent_file(const ClipJob& job, const Condition& condition, const MediaLatents& latents) const;
  ClipLabel label_of(const Request& request) const;

  const Comm* world_;
  Towers* towers_;
  Collectives* cfg_;
  RootModels root_;
  GenerateSettings settings_;
  const Log* log_;
};

// The time now as latent files have it: ISO 8601, UTC.
std::string utc_now();

// The latents of a latent file, as tensors on the CPU.
MediaLatents latents_of(const LatentFile& file);

}  // namespace orrery
