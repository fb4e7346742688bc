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
// and writes files.
class Generator {
 public:
  Generator(ClipContext context, DeliverClip deliver);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Makes a clip; the phases `before` count towards its times. The result is delivered now or, when its video is still
  // being encoded, after a later step, before the next clip is decoded, or in finish(). A condition that cannot be
  // read, too little GPU memory, latents that are not finite, and failures of rank 0 while decoding or writing are
  // returned in the result's `error`; anything else is thrown. When the ranks agree to stop, a clip that is being
  // denoised leaves a snapshot, and one that is being decoded or encoded its latents. `job` must live until its
  // delivery. `next` is the clip that will most likely follow, whose noise is drawn meanwhile; null: none. Collective
  // over the world.
  void operator()(const ClipJob& job, const std::string& label, const PhaseTimes& before, const ClipJob* next);
  // Delivers all pending clips. Collective over the world.
  void finish() { deliver_.finish(); }

  // Time until a clip can be stopped [s], estimated from earlier clips.
  double seconds_ahead() const { return denoise_.seconds_ahead(); }

 private:
  // Returns, on rank 0, the media files still to be finished, or null. Collective over the world.
  std::unique_ptr<ClipMediaFiles> make_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                            ClipResult& result);
  // State of a long clip while its chunks are made.
  struct LongClip {
    const ClipJob& job;
    std::optional<MediaMaking> media;         // made along with the chunks; none: made after all chunks
    std::optional<at::Tensor> last_frames{};  // end of the previous chunk, if it was decoded into `media`
  };
  // Makes and writes the latents of a chunk of a long clip. Returns false when the ranks agreed to stop. Collective.
  bool make_chunk(LongClip& clip, std::size_t index, const std::string& label, const ClipJob* next, PhaseClock& clock,
                  ClipResult& result);
  // Makes the missing chunks, then the clip's files. Result and ranks as for make_clip().
  std::unique_ptr<ClipMediaFiles> make_long_clip(const ClipJob& job, const std::string& label, const ClipJob* next,
                                                 PhaseClock& clock, ClipResult& result);
  // Loads the towers if needed and checks the memory. Throws RequestFailed on all ranks. Collective over the world.
  void prepare(const ClipJob& job, PhaseClock& clock);
  // The peak over ranks, on rank 0; other ranks get their own. Collective over the world.
  std::optional<std::int64_t> peak_gpu_memory() const;

  // The size of the clip for which memory was last checked, and the memory it needed.
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
