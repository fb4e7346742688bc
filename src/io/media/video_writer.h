#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/core/file.h"
#include "io/media/video_format.h"

namespace orrery {

// Writes an H.264 mp4 file. Frames are encoded in a thread of the writer's own, so that write() waits only while
// frames of kQueuedBytes wait already (or kQueuedFrames, of large frames). The file has its name only after finish();
// without it the destructor leaves nothing. Same frames and format, same bytes. Movable: another thread may call
// finish(). Not for use by two threads at once.
class VideoWriter {
 public:
  // A clip of 189 frames of 1280 × 720: a GPU decodes it faster than it is encoded.
  static constexpr std::size_t kQueuedBytes = std::size_t{512} << 20;
  static constexpr std::size_t kQueuedFrames = 16;

  // Throws InputError for odd or non-positive sizes, crf outside 1…51, a negative thread count or no frame rate; Error
  // when there is no H.264 encoder or the file cannot be created.
  VideoWriter(const std::filesystem::path& path, const VideoFormat& format);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();

  // `rgb` is height × width × 3 bytes, full range; it is copied. Throws Error: wrong size, finished already, or what
  // went wrong with an earlier frame.
  void write(std::span<const std::uint8_t> rgb);

  // More of the sound: left and right in turn, 48 kHz, full scale ±1 (what exceeds it is clipped by players). Calls may
  // come before, between and after the frames; finish() cuts the sound to the clip's length or fills it up with
  // silence. Sound that is there waits for its frames, and encoded frames for their sound: where one comes long before
  // the other, it takes memory until then (384 kB a second of sound). Throws Error: a format without sound,
  // half a pair of samples, samples that are not finite, finished already.
  void write_sound(std::span<const float> interleaved);

  // Waits for the encoder, completes the file, has `check` look at it, and gives it its name. `more`: metadata that are
  // known only now, beside the format's. Throws Error: no frames, finished already, or what went wrong, and what
  // `check` throws; the file then does not appear.
  void finish(const FileCheck& check = {}, const VideoMetadata& more = {});

  // From any thread: drops the frames that wait, and finish(), under way or to come, throws Error unless the file is
  // complete already.
  void give_up();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orrery
