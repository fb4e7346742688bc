#pragma once

#include <ctime>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/core/log.h"
#include "base/core/stopwatch.h"
#include "base/core/utc.h"
#include "base/parallel/comm.h"
#include "base/parallel/stop_flag.h"
#include "pipeline/clip_media.h"
#include "pipeline/condition.h"
#include "pipeline/guidance.h"
#include "pipeline/media_backlog.h"
#include "models/cost/memory.h"
#include "pipeline/noise_ahead.h"
#include "pipeline/phase_clock.h"
#include "pipeline/progress.h"
#include "pipeline/request.h"
#include "pipeline/step_times.h"
#include "pipeline/step_watch.h"
#include "pipeline/towers.h"
#include "models/sampler/schedule.h"
#include "io/latents/latent_store.h"

namespace orrery {

// One clip still to make: its request with the texts as token ids.
struct ClipJob {
  Request request;
  PromptIds ids;
  std::string request_json;   // for the latent file
  std::string parent_recipe;  // of the clip that it continues (ParentContent); empty: it continues none
  std::string refusal;        // why this checkpoint cannot make it; empty: it can
  bool latents_done = false;  // the latent file is complete: only the media is missing
  bool resumes = false;       // there is a snapshot to go on from
};

struct ClipResult {
  std::string error;  // empty: done, or stopped
  bool stopped = false;
  std::int64_t steps_done = 0;  // of a clip that was stopped
  std::vector<std::string> files;
  PhaseTimes times;                  // of rank 0; their sum is the request's wall time
  std::vector<double> step_seconds;  // of the steps that this run made, on this rank
  std::string latents_checksum;
  std::optional<std::int64_t> peak_host_memory;  // bytes of rank 0's process; none: the system does not tell
  std::optional<std::int64_t> peak_gpu_memory;  // bytes that tensors held at most, of the rank with most; none on a CPU
};

// What all clips of a run share.
struct GenerateSettings {
  RunFolder folder;
  ScheduleKind schedule = ScheduleKind::Native;
  std::string model_json;
  std::string model_name;
  std::string vae_fingerprint;
  std::string software;
  ModelSizes sizes;
  std::int64_t snapshot_every = 0;  // steps; 0: only where the run stops
};

// What a clip starts from: noise or a snapshot, and the latent frames that are given.
struct ClipStart {
  DenoiseState state;
  Condition condition;
  std::string inputs;  // what its files hold (clip_inputs()); on rank 0
};

// Takes what became of a clip, on every rank: complete on rank 0; `error` and `stopped` are the same on all.
using DeliverClip = std::function<void(const ClipJob& job, ClipResult result)>;

// Makes clips one after another: condition, text, denoising, latent file, media. Every rank denoises and decodes; rank
// 0 encodes conditions and writes. A video's last frames are still being encoded while the next clip is denoised.
// References must outlive the object.
class Generator {
 public:
  // `encoder` is null where this rank has none: on rank 0 when no request starts from pixels, elsewhere always.
  Generator(const Comm& world, Towers& towers, Collectives& cfg, MediaMaker& media, const WanEncoder* encoder,
            GenerateSettings settings, StopFlag& stop, DeliverClip deliver, Progress& progress, const Log& log);

  // Makes a clip, of which `before` was spent already; the result is delivered now or, of a clip whose video is still
  // being encoded, at the end of a later step, before the next clip is decoded, or in finish(). A condition that cannot
  // be read, too little GPU memory, latents that are not finite, or a failure of rank 0 while decoding or writing end
  // up in the result's `error`; anything else is thrown. When the ranks agree to stop, a clip that is being denoised
  // leaves a snapshot, and one that is being decoded or encoded its latents. `job` must live until its delivery. `next`
  // is the clip that most likely comes after it, whose noise is drawn meanwhile; null: none. Collective over the world.
  void operator()(const ClipJob& job, const std::string& label, const PhaseTimes& before, const ClipJob* next);
  // Delivers the last clip. Collective over the world.
  void finish();

  // How long a clip takes until it can be stopped, by the clips before.
  double seconds_ahead() const { return pace_.seconds_ahead(); }

 private:
  // On rank 0 the files that are still to be finished; null when there are none.
  std::unique_ptr<ClipMediaFiles> make_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                            ClipResult& result);
  // The towers loaded, and enough memory. Throws RequestFailed on all ranks alike.
  void prepare(const ClipJob& job, PhaseClock& clock) const;
  Condition condition_for(const Request& request, const MediaShape& shape) const;
  // The frames of a clip that is continued, as the encoder takes them; on rank 0. Collective.
  at::Tensor pixels_to_continue(const Request& request, const MediaShape& shape) const;
  // What the job's files hold now. On rank 0.
  std::string inputs_of(const ClipJob& job) const;
  ClipStart start_of(const ClipJob& job, const MediaShape& shape, const std::string& label, PhaseClock& clock);
  void draw_noise_ahead(const ClipJob& job);
  // The final latents, or undefined ones and `result.stopped`. Takes the state out of `start`.
  MediaLatents make_latents(const ClipJob& job, ClipStart& start, const MediaShape& shape, PhaseClock& clock,
                            ClipResult& result);
  // Stopped, the state is in the snapshot.
  DenoiseState run_steps(const GuidedModel& guided, const ClipJob& job, ClipStart& start, StepTimes& times);
  // Files from latents; with undefined latents the latent file is read back.
  std::unique_ptr<ClipMediaFiles> finish_clip(const ClipJob& job, const ClipStart& start, MediaLatents latents,
                                              PhaseClock& clock, ClipResult& result);
  // The latent file of the finished clip. On rank 0.
  LatentFile finished_file(const ClipJob& job, const ClipStart& start, const MediaLatents& latents) const;
  // Removes what was made of earlier latents, then writes the latent file in a thread of its own, while the clip is
  // decoded: compressing a large one takes a second. The future throws what went wrong. On rank 0.
  std::future<void> save_behind(const ClipJob& job, LatentFile file) const;
  // Of the latent file; the sound on rank 0 alone.
  MediaLatents read_back(const ClipJob& job, std::string& checksum) const;
  // `checksum`: of the latents, on rank 0.
  std::unique_ptr<ClipMediaFiles> make_media(const ClipJob& job, const MediaLatents& latents,
                                             const std::string& checksum, PhaseClock& clock, ClipResult& result);
  // Waits for the clip whose video is being encoded, and delivers it. Collective.
  void settle();
  // The same, if it has come to its end.
  void settle_if_ready();
  // Of the rank with most, on rank 0. Collective over the world.
  std::optional<std::int64_t> peak_gpu_memory() const;
  // Without latents.
  LatentFile latent_file(const ClipJob& job, const ClipStart& start) const;
  ClipLabel label_of(const Request& request, const std::string& checksum) const;

  const Comm* world_;
  Towers* towers_;
  Collectives* cfg_;
  MediaMaker* media_;
  const WanEncoder* encoder_;
  GenerateSettings settings_;
  // A clip whose video is being encoded; the same on all ranks.
  struct Pending {
    const ClipJob* job;
    ClipResult result;
  };

  StopFlag* stop_;
  DeliverClip deliver_;
  Progress* progress_;
  const Log* log_;
  Pace pace_;
  NoiseAhead noise_;
  std::optional<Pending> pending_;
  MediaBacklog backlog_;  // on rank 0
};

// The latents of a latent file, as tensors on the CPU.
MediaLatents latents_of(const LatentFile& file);

}  // namespace orrery
