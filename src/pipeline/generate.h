#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/deliver_clip.h"
#include "pipeline/denoise_clip.h"
#include "pipeline/start_clip.h"

namespace orrery {

// Makes clips one after another: start, denoise, deliver. Every rank denoises and decodes; rank 0 encodes conditions
// and writes.
class Generator {
 public:
  Generator(ClipContext context, DeliverClip deliver);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Makes a clip, of which `before` was spent already; the result is delivered now or, of a clip whose video is still
  // being encoded, at the end of a later step, before the next clip is decoded, or in finish(). A condition that cannot
  // be read, too little GPU memory, latents that are not finite, or a failure of rank 0 while decoding or writing end
  // up in the result's `error`; anything else is thrown. When the ranks agree to stop, a clip that is being denoised
  // leaves a snapshot, and one that is being decoded or encoded its latents. `job` must live until its delivery. `next`
  // is the clip that most likely comes after it, whose noise is drawn meanwhile; null: none. Collective over the world.
  void operator()(const ClipJob& job, const std::string& label, const PhaseTimes& before, const ClipJob* next);
  // Delivers the last clip. Collective over the world.
  void finish() { deliver_.finish(); }

  // How long a clip takes until it can be stopped, by the clips before.
  double seconds_ahead() const { return denoise_.seconds_ahead(); }

 private:
  // On rank 0 the files that are still to be finished; null when there are none.
  std::unique_ptr<ClipMediaFiles> make_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                            ClipResult& result);
  // A long clip while its chunks are made.
  struct LongClip {
    const ClipJob& job;
    std::optional<MediaMaking> media;         // made along with the chunks; none: when all are there
    std::optional<at::Tensor> last_frames{};  // of the chunk before, where it was decoded into `media`
  };
  // Makes the latents of a long clip's chunk, and writes them. False: the ranks agreed to stop. Collective.
  bool make_chunk(LongClip& clip, std::size_t index, const std::string& label, const ClipJob* next, PhaseClock& clock,
                  ClipResult& result);
  // The chunks that are missing, then the files of all. As make_clip().
  std::unique_ptr<ClipMediaFiles> make_long_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                                 PhaseClock& clock, ClipResult& result);
  // The towers loaded, and enough memory. Throws RequestFailed on all ranks alike.
  void prepare(const ClipJob& job, PhaseClock& clock);
  // Peak over ranks, on rank 0. Collective over the world.
  std::optional<std::int64_t> peak_gpu_memory() const;

  // The last clip that was asked about: its size, and the memory that was there for it.
  struct Room {
    Streams<std::vector<std::int64_t>> extents;
    ClipMemory memory;
  };

  const ClipContext context_;
  Room had_room_;
  ClipStarter start_;
  ClipDenoiser denoise_;
  ClipDelivery deliver_;
};

}  // namespace orrery
