#pragma once

#include <filesystem>

#include "io/media/media_input.h"
#include "io/media/rgb_converter.h"
#include "io/media/video_format.h"

namespace orrery {

// The decoded frames of an image or of a file's best video stream, in display order. Refuses damaged files instead of
// concealing the damage, and files that it cannot show as a player does: interlaced frames (which would show combs),
// alpha that the decoder drops, Dolby Vision without a base layer. All members throw InputError that names the file.
// Internal to media/.
class FrameSource {
 public:
  explicit FrameSource(const std::filesystem::path& path);

  AVFrame* next();  // valid until the next call; null after the last

  const AVStream& stream() const { return *stream_; }
  Untagged untagged() const;
  bool is_image() const;  // a format of single pictures
  // Frame rate [1/s]: the lowest one that can represent every time stamp, or the average when that one is absurd.
  Fraction fps() const;
  // The facts in the header; decodes no frame.
  VideoFacts facts() const;
  // The width of a pixel divided by its height; 0 when not known.
  AVRational pixel_aspect(const AVFrame& frame) const;

 private:
  void feed_decoder();
  void require_whole_picture() const;
  void require_all_packets() const;
  void require_shown(const AVFrame& frame) const;

  MediaInput input_;
  AVStream* stream_;
  ffmpeg::Codec codec_;
  ffmpeg::Packet packet_;
  ffmpeg::Frame frame_;
  std::int64_t packets_ = 0;
};

}  // namespace orrery
