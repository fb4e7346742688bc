#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/cosmos3/media.h"
#include "models/zoo/media_models.h"
#include "pipeline/clip_media_files.h"
#include "pipeline/sound_seams.h"
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

// What rank 0 does beside decoding. After the first failure it does nothing more, until all ranks know of it.
class RootPart {
 public:
  void attempt(const std::function<void()>& work);
  void interrupt() { interrupted_ = true; }
  bool failed() const { return interrupted_ || !error_.empty(); }
  // What became of it, on every rank; `files` when all went well. Collective over `world`.
  MediaOutcome tell(const Comm& world, std::unique_ptr<ClipMediaFiles> files) const;

 private:
  std::string error_;
  bool interrupted_ = false;
};

// What makes media on this rank. The references must outlive all copies.
struct MediaTools {
  DecodeRanks& ranks;
  MediaDecoders decoders;
  VaeSplit split;
  RunFolder folder;
  MediaSettings settings;
  MediaCheck check;

  bool one_decodes() const { return split == VaeSplit::None || ranks.world().shard().size == 1; }
};

// Where a part stands in its clip, in frames.
struct PartPlace {
  std::int64_t begin = 0;            // frames from here on that the part before has shown are left out
  std::optional<std::int64_t> next;  // where the part behind it begins; none: it is the last
  bool keeps_overlap = false;        // its frames from `next` on are kept, for overlap()
};

// Makes one clip's media of its latents, in one part or, for a long clip, a chunk after another, in the memory that one
// part takes.
class MediaMaking {
 public:
  // `size`: of the whole clip. Before each latent frame rank 0 asks `interrupted`; once it is true the files are given
  // up. `tools` must outlive the object.
  MediaMaking(const MediaTools& tools, ClipLabel label, PictureSize size, bool sound,
              std::function<bool()> interrupted);

  // Decodes a part's latents, which are the same on all ranks (but for the sound's, which rank 0 alone needs), and
  // hands the frames to the files one latent frame behind. False: the making has failed, or was interrupted, and takes
  // no more. On a GPU the last part's last frames are still to be decoded on return. Failures of a rank that decodes
  // beside others are thrown. Collective over the world.
  bool add(const MediaLatents& latents, const PartPlace& place);
  // The frames that the last part kept, as the decoder gave them: (frames, H, W, 3) in [-1, 1], float32 on the CPU, on
  // rank 0; undefined elsewhere.
  at::Tensor overlap() const { return overlap_.empty() ? at::Tensor() : at::cat(overlap_); }
  // The checksum of what the media are made from, where the label did not say; on rank 0, behind the first part.
  void made_from(const std::string& latents) { files_->made_from(latents); }
  // Collective over the world.
  MediaOutcome finish();

 private:
  // On rank 0, with the first part: opens the files. Then the part's sound.
  void begin_part(const MediaLatents& latents, const PartPlace& place);
  void decode_alone(const MediaLatents& latents, const PartPlace& place);
  void decode_together(const MediaLatents& latents, const PartPlace& place);
  // Frames that the device may still be at: the last part's wait for the end of the files.
  void write_last(FrameDownload download, const PartPlace& place);
  // Keeps those of the overlap, and gives all as bytes.
  at::Tensor shown(const at::Tensor& decoded, const PartPlace& place);
  // Without those that were shown already.
  void write(const at::Tensor& frames);

  const MediaTools& tools_;
  ClipLabel label_;
  PictureSize size_;
  bool sound_;
  std::function<bool()> interrupted_;
  // On rank 0.
  RootPart part_;
  std::unique_ptr<ClipMediaFiles> files_;
  SoundSeams seams_;
  std::int64_t decoded_ = 0;  // frame of the clip that the part's decoder gives next
  std::int64_t at_ = 0;       // frame of the clip that is written next from the part
  std::int64_t shown_ = 0;    // frames written
  std::vector<at::Tensor> overlap_;
};

}  // namespace orrery
