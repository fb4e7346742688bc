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

  // Encodes a frame and writes it; null ends the track. The muxer's header must have been written.
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
  explicit SoundEncoder(AVFormatContext& muxer);  // adds its stream; call it before the header is written

  // Writes the next `count` samples of each channel from the beginning of `interleaved`, padded with silence. `count`
  // must be a multiple of kBlock except at the end of the track.
  void encode(std::span<const float> interleaved, std::int64_t count);
  void finish() { track_.encode(nullptr); }
  // Encoded samples of each channel.
  std::int64_t encoded() const { return encoded_; }

  static constexpr int kBlock = 1024;  // samples of each channel in an AAC frame

 private:
  Track track_;
  std::int64_t encoded_ = 0;
};

// Encodes frames into an mp4 file as they come, in the caller's thread. The same frames and format give the same bytes:
// nothing in the file depends on the clock. All functions throw Error (no encoder, disk full, …).
class Mp4Encoder {
 public:
  Mp4Encoder(const std::filesystem::path& path, const VideoFormat& format);

  void encode(std::span<const std::uint8_t> rgb);  // height × width × 3
  // For a format with sound: writes `interleaved` (stereo at kSoundRate) in whole blocks, up to the length of the
  // frames so far. Returns the number of values written; pass the rest again.
  std::size_t encode_sound(std::span<const float> interleaved);
  // Writes the rest of the sound, cut to the length of the frames or padded with silence. Call it once, after the last
  // frame.
  void finish_sound(std::span<const float> interleaved);
  // Writes the frames that the encoder still holds and the index, with `more` metadata, and closes the file. The index
  // is moved to the front for streaming players.
  void finish(const VideoMetadata& more = {});

 private:
  FrameConverter converter_;
  Fraction fps_;
  ffmpeg::Muxer muxer_;
  Track video_;
  // Samples of each channel that the frames so far have beyond those encoded.
  std::int64_t missing_sound() const;

  std::optional<SoundEncoder> sound_;
  std::int64_t frames_ = 0;
};

}  // namespace orrery
