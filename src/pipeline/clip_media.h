#pragma once

#include <functional>
#include <utility>

#include "models/cosmos3/media.h"
#include "pipeline/media_making.h"

namespace orrery {

// Makes media files from latents on all ranks of a run; rank 0 writes them. The references must outlive the object.
class MediaMaker {
 public:
  MediaMaker(DecodeRanks& ranks, const MediaDecoders& decoders, VaeSplit split, RunFolder folder,
             const MediaSettings& settings, MediaCheck check = {})
      : tools_{ranks, decoders, split, std::move(folder), settings, std::move(check)} {}

  const MediaSettings& settings() const { return tools_.settings; }
  // Whether this rank takes part in decoding.
  bool decodes_here() const { return tools_.split != VaeSplit::None || tools_.ranks.world().is_root(); }

  // Whether a clip's files show the same pixels that last_frames() gives to a clip that continues it.
  bool is_exact() const { return tools_.one_decodes() || tools_.split == VaeSplit::Exact; }

  // Makes the media of a clip that is not long. Failures of rank 0, and all failures if it decodes alone, are returned
  // in the outcome; others are thrown. On a GPU, the last frames may still be being decoded on return. Collective over
  // the world.
  MediaOutcome operator()(const MediaLatents& latents, const ClipLabel& label,
                          const std::function<bool()>& interrupted);
  // Starts to make the media of a clip part by part (MediaMaking). This object must outlive the result.
  MediaMaking in_parts(const ClipLabel& label, PictureSize size, bool sound,
                       const std::function<bool()>& interrupted) const {
    return {tools_, label, size, sound, interrupted};
  }

  // Decodes the last `count` pixel frames, or all if there are fewer, of a finished clip's video latents (C, t, h, w),
  // which must be equal on all ranks. Result: on rank 0 (frames, H, W, 3) in [-1, 1], float32 on the CPU, not rounded;
  // undefined on other ranks. The decoder is causal, so it decodes all latent frames. Strips replace tiles, which are
  // an approximation. Throws RequestFailed when rank 0 decodes alone, and Error otherwise. Collective over the world.
  at::Tensor last_frames(const at::Tensor& latents, std::int64_t count);

 private:
  at::Tensor decode_last(const at::Tensor& latents, std::int64_t count, VaeSplit split);

  MediaTools tools_;
};

}  // namespace orrery
