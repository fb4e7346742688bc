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

// The ranks of a run, for decoding.
class DecodeRanks {
 public:
  // `world` must outlive the object.
  DecodeRanks(const Comm& world, at::Device device) : world_(world), device_(device) {}

  const Comm& world() const { return world_; }
  // The group of the first `count` ranks; null on all other ranks. Valid until it is called with another count.
  // Collective over the world.
  Collectives* first(int count);

 private:
  const Comm& world_;
  at::Device device_;
  int count_ = 0;
  std::optional<Comm> comm_;  // communicator of the first ranks, unless these are all
  std::unique_ptr<Collectives> group_;
};

// The type of a video's pixel values.
enum class FrameType {
  Bytes,  // uint8, 0 to 255
  Floats  // float32, -1 to 1, not rounded
};

// Decodes one video, one latent frame after another, on all ranks of a run.
class VideoDecode {
 public:
  virtual ~VideoDecode() = default;
  // Decodes the next latent frame (C, h, w), equal on all ranks, to pixels (frames, H, W, 3) on rank 0's device;
  // undefined on other ranks. On a GPU the work is only queued. Collective over the world, except with VaeSplit::None,
  // where only rank 0 calls it.
  virtual at::Tensor next(const at::Tensor& latent_frame) = 0;
};

// Starts to decode a video of height × width latent cells. `decoder` may be null on ranks that decode nothing (with
// None, all but rank 0). `ranks` and `decoder` must outlive the result. Collective over the world.
std::unique_ptr<VideoDecode> start_decode(VaeSplit split, const WanDecoder* decoder, DecodeRanks& ranks,
                                          std::int64_t height, std::int64_t width, FrameType type = FrameType::Bytes);

// The size of a picture in latent cells.
struct CellCount {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

// The size of the largest part that a rank decodes of a picture of height × width latent cells.
CellCount decoded_cells(VaeSplit split, int ranks, std::int64_t height, std::int64_t width);

// Converts float32 pixels in [-1, 1] to bytes, rounded to nearest; any shape.
at::Tensor to_bytes(const at::Tensor& pixels);

// Converts pixels (3, frames, H, W) in [-1, 1] to frames (frames, H, W, 3) on the same device; bytes are rounded to
// nearest.
at::Tensor to_frames(const at::Tensor& pixels, FrameType type);

// Copies frames from the device to the host through pinned memory, one call late, so that the host does not wait for
// the frames that the device is still computing.
class FrameDownload {
 public:
  // Starts to copy `frames`, unless they are undefined, and returns the frames of the previous call on the host;
  // undefined in the first call. The result is valid until the next call.
  at::Tensor next(const at::Tensor& frames);

 private:
  struct Transfer {
    at::Tensor host;
    std::optional<c10::Event> done;  // none on a CPU
  };
  Transfer start(const at::Tensor& frames);

  std::optional<Transfer> under_way_;
  at::Tensor spare_;  // pinned memory for reuse
};

}  // namespace orrery
