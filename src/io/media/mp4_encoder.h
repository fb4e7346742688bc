#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "io/media/ffmpeg.h"
#include "io/media/frame_pixels.h"
#include "io/media/video_format.h"

namespace orrery {

// One encoder and its stream in a muxer, which must outlive the object. Throws Error. Internal to media/.
class Track {
 public:
  // Adds a stream; the muxer's header must not be written yet. `codec` has been opened.
  Track(AVFormatContext& muxer, ffmpeg::Codec codec);

  // Encodes and writes; null ends the track. The header must have been written.
  void encode(const AVFrame* frame);

 private:
  AVFormatContext& muxer_;
  ffmpeg::Codec codec_;
  AVStream* stream_;
  ffmpeg::Packet packet_;
};

// The AAC track of a clip: stereo, 48 kHz, 192 kb/s. Throws Error. Internal to media/.
class SoundEncoder {
 public:
  explicit SoundEncoder(AVFormatContext& muxer);  // adds its stream, before the header is written

  // Writes the whole track: `count` samples a channel, cut from `interleaved` or filled up with silence.
  void encode(std::span<const float> interleaved, std::int64_t count);

 private:
  Track track_;
};

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
