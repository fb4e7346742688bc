#pragma once

#include <cstddef>
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

  // Writes the next `count` samples a channel, whole blocks of kBlock but at the end of the track, from the beginning
  // of `interleaved`; what that lacks is silence.
  void encode(std::span<const float> interleaved, std::int64_t count);
  void finish() { track_.encode(nullptr); }
  // Samples a channel that were encoded.
  std::int64_t encoded() const { return encoded_; }

  static constexpr int kBlock = 1024;  // AAC's frame, in samples a channel

 private:
  Track track_;
  std::int64_t encoded_ = 0;
};

// Encodes frames into an mp4 file as they come, in the caller's thread. Same frames and format, same bytes: nothing in
// the file depends on the clock. All functions throw Error: no encoder, disk full, …
class Mp4Encoder {
 public:
  Mp4Encoder(const std::filesystem::path& path, const VideoFormat& format);

  void encode(std::span<const std::uint8_t> rgb);  // height × width × 3
  // The sound track, only for a format with sound. Writes what `interleaved` (stereo at kSoundRate) holds of it so far,
  // as long as the frames until now, in whole blocks. Returns how many of the values were written: pass the rest again.
  std::size_t encode_sound(std::span<const float> interleaved);
  // Writes the rest: cut to the frames' length or filled up with silence. Once, after the last frame.
  void finish_sound(std::span<const float> interleaved);
  // Writes the frames that the encoder still holds and the index, with `more` metadata, which is moved to the front for
  // players that stream, and closes the file.
  void finish(const VideoMetadata& more = {});

 private:
  FrameConverter converter_;
  Fraction fps_;
  ffmpeg::Muxer muxer_;
  Track video_;
  // Samples a channel for the frames until now, beyond those that were encoded.
  std::int64_t missing_sound() const;

  std::optional<SoundEncoder> sound_;
  std::int64_t frames_ = 0;
};

}  // namespace orrery
