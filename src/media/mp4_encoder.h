#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "media/ffmpeg.h"
#include "media/frame_converter.h"
#include "media/video_format.h"

namespace orrery {

// Encodes frames into an mp4 file as they come, in the caller's thread. Same frames and format, same bytes: nothing in
// the file depends on the clock. All functions throw Error: no encoder, disk full, …
class Mp4Encoder {
 public:
  Mp4Encoder(const std::filesystem::path& path, const VideoFormat& format);

  void encode(std::span<const std::uint8_t> rgb);  // height × width × 3
  // Writes what the encoder still holds and the index (moved to the front, for players that stream), closes the file.
  void finish();

 private:
  void write_packets();

  FrameConverter converter_;
  ffmpeg::Muxer muxer_;
  ffmpeg::Codec codec_;
  AVStream* stream_;
  ffmpeg::Packet packet_;
  std::int64_t frames_ = 0;
};

}  // namespace orrery
