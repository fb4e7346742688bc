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

// Decodes sound to a waveform (2, samples), float32 on the CPU, 48 kHz, cut to the length of `frames` frames.
at::Tensor decode_sound(const SoundDecoder& decoder, const at::Tensor& latent, std::int64_t frames, double fps);

// The result of making a clip's media; equal on all ranks except `files`.
struct MediaOutcome {
  std::string error;  // empty: none
  bool interrupted = false;
  std::unique_ptr<ClipMediaFiles> files;  // on rank 0, still to be finished
};

// The work of rank 0 besides decoding. After its first failure it does nothing until all ranks know about it.
class RootPart {
 public:
  void attempt(const std::function<void()>& work);
  void interrupt() { interrupted_ = true; }
  bool failed() const { return interrupted_ || !error_.empty(); }
  // Sends rank 0's result to every rank; includes `files` unless there was a failure. Collective over `world`.
  MediaOutcome tell(const Comm& world, std::unique_ptr<ClipMediaFiles> files) const;

 private:
  std::string error_;
  bool interrupted_ = false;
};

// What a rank needs to make media. The references must outlive all copies.
struct MediaTools {
  DecodeRanks& ranks;
  MediaDecoders decoders;
  VaeSplit split;
  RunFolder folder;
  MediaSettings settings;
  MediaCheck check;

  bool one_decodes() const { return split == VaeSplit::None || ranks.world().shard().size == 1; }
};

// A part's position in its clip [frames].
struct PartPlace {
  std::int64_t begin = 0;            // first frame; frames that the previous part has shown are skipped
  std::optional<std::int64_t> next;  // first frame of the next part; none: this is the last part
  bool keeps_overlap = false;        // keep the frames from `next` on, for overlap()
};

// Makes one clip's media from its latents: in one part or, for a long clip, chunk by chunk with the memory of one
// chunk.
class MediaMaking {
 public:
  // `size` is that of the whole clip. Before each latent frame, rank 0 calls `interrupted`; once that returns true, the
  // files are given up. `tools` must outlive the object.
  MediaMaking(const MediaTools& tools, ClipLabel label, PictureSize size, bool sound,
              std::function<bool()> interrupted);

  // Decodes a part's latents, which must be equal on all ranks (only rank 0 needs the sound), and passes frames to the
  // files one latent frame later. Returns false when making the media has failed or was interrupted; do not add more
  // then. On a GPU, the last part's last frames may still be being decoded on return. Throws failures of ranks that
  // decode together. Collective over the world.
  bool add(const MediaLatents& latents, const PartPlace& place);
  // The frames kept from the last part, not rounded: (frames, H, W, 3) in [-1, 1], float32 on the CPU, on rank 0;
  // undefined on other ranks.
  at::Tensor overlap() const { return overlap_.empty() ? at::Tensor() : at::cat(overlap_); }
  // Sets the latents' checksum if the label had none. Call it on rank 0, after the first part.
  void made_from(const std::string& latents) { files_->made_from(latents); }
  // Ends the making and returns its result. Collective over the world.
  MediaOutcome finish();

 private:
  // Opens the files at the first part, then decodes and writes the part's sound. On rank 0.
  void begin_part(const MediaLatents& latents, const PartPlace& place);
  void decode_alone(const MediaLatents& latents, const PartPlace& place);
  void decode_together(const MediaLatents& latents, const PartPlace& place);
  // Writes the frames that the device may still be computing. The files' finish() waits for those of the last part.
  void write_last(FrameDownload download, const PartPlace& place);
  // Stores the frames of the overlap and returns all frames as bytes.
  at::Tensor shown(const at::Tensor& decoded, const PartPlace& place);
  // Writes the frames that the previous part has not shown.
  void write(const at::Tensor& frames);

  const MediaTools& tools_;
  ClipLabel label_;
  PictureSize size_;
  bool sound_;
  std::function<bool()> interrupted_;
  // The members below are used on rank 0.
  RootPart part_;
  std::unique_ptr<ClipMediaFiles> files_;
  SoundSeams seams_;
  std::int64_t decoded_ = 0;  // index in the clip of the next decoded frame
  std::int64_t at_ = 0;       // index in the clip of the part's next frame to write
  std::int64_t shown_ = 0;    // number of frames written
  std::vector<at::Tensor> overlap_;
};

}  // namespace orrery
