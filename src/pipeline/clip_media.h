#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "models/cosmos3/media.h"
#include "models/zoo/media_models.h"
#include "pipeline/clip_media_files.h"
#include "pipeline/video_decode.h"

namespace orrery {

// The waveform (2, samples) float32 on the CPU, at 48 kHz, cut to the length of `frames` frames.
at::Tensor decode_sound(const SoundDecoder& decoder, const at::Tensor& latent, std::int64_t frames, double fps);

// What became of a clip's media; the same on all ranks but for `files`.
struct MediaOutcome {
  std::string error;  // empty: none
  bool interrupted = false;
  std::unique_ptr<ClipMediaFiles> files;  // on rank 0, to be finished
};

// Makes media of latents on all ranks of a run; rank 0 writes. References must outlive the object.
class MediaMaker {
 public:
  MediaMaker(DecodeRanks& ranks, const MediaDecoders& decoders, VaeSplit split, RunFolder folder,
             const MediaSettings& settings, MediaCheck check = {})
      : ranks_(ranks),
        decoders_(decoders),
        split_(split),
        folder_(std::move(folder)),
        settings_(settings),
        check_(std::move(check)) {}

  const MediaSettings& settings() const { return settings_; }
  // Whether this rank has a part in decoding.
  bool decodes_here() const { return split_ != VaeSplit::None || ranks_.world().is_root(); }

  // Decodes the latents, which are the same on all ranks (but for the sound's, which rank 0 alone needs), and hands the
  // frames to the files one latent frame behind. Rank 0's failures, and on a rank that decodes alone all failures, end
  // up in the outcome; others are thrown. Before each latent frame rank 0 asks `interrupted`, and once it is true the
  // files are given up. On a GPU the last frames are still to be decoded on return. Collective over the world.
  MediaOutcome operator()(const MediaLatents& latents, const ClipLabel& label,
                          const std::function<bool()>& interrupted);

  // The last `count` pixel frames of a finished clip's video latents (C, t, h, w), which are the same on all ranks: on
  // rank 0 (frames, H, W, 3) in [-1, 1], float32 on the CPU, as the decoder gives them; undefined elsewhere. A clip of
  // fewer frames gives all that it has. The decoder is causal, so it passes all latent frames. Tiles, which
  // approximate, are decoded as strips. Throws RequestFailed as rank 0 alone decodes, and Error otherwise. Collective
  // over the world.
  at::Tensor last_frames(const at::Tensor& latents, std::int64_t count);

 private:
  bool one_decodes() const { return split_ == VaeSplit::None || ranks_.world().shard().size == 1; }
  at::Tensor decode_last(const at::Tensor& latents, std::int64_t count, VaeSplit split);
  std::unique_ptr<ClipMediaFiles> begin(const MediaLatents& latents, const ClipLabel& label) const;
  MediaOutcome alone(const MediaLatents& latents, const ClipLabel& label, const std::function<bool()>& interrupted);
  MediaOutcome together(const MediaLatents& latents, const ClipLabel& label, const std::function<bool()>& interrupted);

  DecodeRanks& ranks_;
  MediaDecoders decoders_;
  VaeSplit split_;
  RunFolder folder_;
  MediaSettings settings_;
  MediaCheck check_;
};

}  // namespace orrery
