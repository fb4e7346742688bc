#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"
#include "models/wan/decoder.h"
#include "pipeline/media_settings.h"

namespace orrery {

// All ranks of a run as they decode.
class DecodeRanks {
 public:
  // `world` must outlive the object.
  DecodeRanks(const Comm& world, at::Device device) : world_(world), device_(device) {}

  const Comm& world() const { return world_; }
  // The group of the first `count` ranks, which is kept until another count is asked for; null on the other ranks.
  // Collective over the world.
  Collectives* first(int count);

 private:
  const Comm& world_;
  at::Device device_;
  int count_ = 0;
  std::optional<Comm> comm_;  // of fewer ranks than all
  std::unique_ptr<Collectives> group_;
};

// What the frames of a video are made of.
enum class FrameType {
  Bytes,  // uint8, 0 to 255
  Floats  // float32, -1 to 1, as the decoder gives them
};

// Decodes one video, a latent frame at a time, on all ranks of a run.
class VideoDecode {
 public:
  virtual ~VideoDecode() = default;
  // The pixels of the next latent frame (C, h, w), which all ranks give alike, as (frames, H, W, 3) on rank 0's device;
  // undefined elsewhere. Collective over the world, but with VaeSplit::None, where only rank 0 calls it. On a
  // GPU the work is queued and nothing waits for it.
  virtual at::Tensor next(const at::Tensor& latent_frame) = 0;
};

// Begins to decode a video of height × width latent cells. `decoder` may be null where a rank has nothing to decode:
// with None on all but rank 0. `ranks` and `decoder` must outlive the result. Collective over the world.
std::unique_ptr<VideoDecode> start_decode(VaeSplit split, const WanDecoder* decoder, DecodeRanks& ranks,
                                          std::int64_t height, std::int64_t width, FrameType type = FrameType::Bytes);

// Latent cells of a picture.
struct CellCount {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

// The part of a picture of height × width latent cells that a rank decodes: the largest over ranks.
CellCount decoded_cells(VaeSplit split, int ranks, std::int64_t height, std::int64_t width);

// Pixels in [-1, 1], float32, to bytes, rounded to nearest; any shape.
at::Tensor to_bytes(const at::Tensor& pixels);

// Pixels (3, frames, H, W) in [-1, 1] to frames (frames, H, W, 3) where they are; bytes are rounded to nearest.
at::Tensor to_frames(const at::Tensor& pixels, FrameType type);

// Brings frames from the device to the host through pinned memory, one step behind: the host never waits for the frames
// that the device is still at.
class FrameDownload {
 public:
  // Starts to bring `frames`, and gives, on the host, what the call before brought; undefined the first time. With
  // undefined frames nothing is started. What it gave is valid until the next call.
  at::Tensor next(const at::Tensor& frames);

 private:
  struct Transfer {
    at::Tensor host;
    std::optional<c10::Event> done;  // none on a CPU
  };
  Transfer start(const at::Tensor& frames);

  std::optional<Transfer> under_way_;
  at::Tensor spare_;  // pinned memory to use again
};

}  // namespace orrery
