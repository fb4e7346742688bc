#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/core/file.h"
#include "io/media/video_format.h"

namespace orrery {

// Writes an H.264 mp4 file. A thread of the writer encodes the frames, so that write() waits only when frames of
// kQueuedBytes (or kQueuedFrames, if that is more) are queued. The file gets its name in finish(); without it, the
// destructor leaves no file. The same frames and format give the same bytes. Movable, so that another thread may call
// finish(); not thread-safe.
class VideoWriter {
 public:
  // Room for 189 frames of 1280 × 720: a GPU decodes such a clip faster than it can be encoded.
  static constexpr std::size_t kQueuedBytes = std::size_t{512} << 20;
  static constexpr std::size_t kQueuedFrames = 16;

  // Throws InputError for odd or non-positive sizes, crf outside 1…51, a negative thread count or no frame rate; Error
  // when there is no H.264 encoder or the file cannot be created.
  VideoWriter(const std::filesystem::path& path, const VideoFormat& format);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();

  // `rgb` is height × width × 3 bytes, full range; it is copied. Throws Error for a wrong size, after finish(), and
  // when an earlier frame failed.
  void write(std::span<const std::uint8_t> rgb);

  // Appends sound: interleaved left and right, 48 kHz, full scale ±1 (players clip larger values). Calls may come
  // before, between and after the frames; finish() cuts the sound to the clip's length or pads it with silence. Sound
  // waits for its frames and encoded frames for their sound, in memory (384 kB for each second of sound). Throws Error
  // for a format without sound, half a pair of samples, samples that are not finite, and after finish().
  void write_sound(std::span<const float> interleaved);

  // Waits for the encoder, completes the file, calls `check` on it and gives it its name. `more`: metadata that are
  // known only now, added to the format's. Throws Error when there are no frames, after finish(), and when anything
  // failed, and what `check` throws; the file then does not appear.
  void finish(const FileCheck& check = {}, const VideoMetadata& more = {});

  // Drops the queued frames and makes finish(), under way or later, throw Error unless the file is complete already.
  // Any thread may call it.
  void give_up();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orrery
