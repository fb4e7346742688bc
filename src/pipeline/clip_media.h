#pragma once

#include <functional>
#include <utility>

#include "models/cosmos3/media.h"
#include "pipeline/media_making.h"

namespace orrery {

// Makes media of latents on all ranks of a run; rank 0 writes. References must outlive the object.
class MediaMaker {
 public:
  MediaMaker(DecodeRanks& ranks, const MediaDecoders& decoders, VaeSplit split, RunFolder folder,
             const MediaSettings& settings, MediaCheck check = {})
      : tools_{ranks, decoders, split, std::move(folder), settings, std::move(check)} {}

  const MediaSettings& settings() const { return tools_.settings; }
  // Whether this rank has a part in decoding.
  bool decodes_here() const { return tools_.split != VaeSplit::None || tools_.ranks.world().is_root(); }

  // Whether the pixels of a clip's files are those that another clip goes on from: last_frames().
  bool is_exact() const { return tools_.one_decodes() || tools_.split == VaeSplit::Exact; }

  // The media of a clip in one part. Rank 0's failures, and on a rank that decodes alone all failures, end up in the
  // outcome; others are thrown. On a GPU the last frames are still to be decoded on return. Collective over the world.
  MediaOutcome operator()(const MediaLatents& latents, const ClipLabel& label,
                          const std::function<bool()>& interrupted);
  // What makes the media of a clip in several parts; see MediaMaking. The object must outlive it.
  MediaMaking in_parts(const ClipLabel& label, PictureSize size, bool sound,
                       const std::function<bool()>& interrupted) const {
    return {tools_, label, size, sound, interrupted};
  }

  // The last `count` pixel frames of a finished clip's video latents (C, t, h, w), which are the same on all ranks: on
  // rank 0 (frames, H, W, 3) in [-1, 1], float32 on the CPU, as the decoder gives them; undefined elsewhere. A clip of
  // fewer frames gives all that it has. The decoder is causal, so it passes all latent frames. Tiles, which
  // approximate, are decoded as strips. Throws RequestFailed as rank 0 alone decodes, and Error otherwise. Collective
  // over the world.
  at::Tensor last_frames(const at::Tensor& latents, std::int64_t count);

 private:
  at::Tensor decode_last(const at::Tensor& latents, std::int64_t count, VaeSplit split);

  MediaTools tools_;
};

}  // namespace orrery
