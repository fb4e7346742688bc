#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "io/media/ffmpeg.h"
#include "io/media/scaler.h"
#include "io/media/sound_encoder.h"
#include "io/media/track.h"
#include "io/media/video_format.h"

namespace orrery {

// Encodes frames into an mp4 file as they come, in the caller's thread. Same frames and format, same bytes: nothing in
// the file depends on the clock. All functions throw Error: no encoder, disk full, …
class Mp4Encoder {
 public:
  Mp4Encoder(const std::filesystem::path& path, const VideoFormat& format);

  void encode(std::span<const std::uint8_t> rgb);  // height × width × 3
  // Writes the sound track: stereo at kSoundRate, cut to the frames' length or filled up with silence. Once, after the
  // last frame, and only for a format with sound.
  void encode_sound(std::span<const float> interleaved);
  // Writes the frames that the encoder still holds and the index, which is moved to the front for players that stream,
  // and closes the file.
  void finish();

 private:
  FrameConverter converter_;
  Fraction fps_;
  ffmpeg::Muxer muxer_;
  Track video_;
  std::optional<SoundEncoder> sound_;
  std::int64_t frames_ = 0;
};

}  // namespace orrery
