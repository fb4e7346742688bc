#pragma once

#include <filesystem>

#include "media/fraction.h"
#include "media/media_input.h"
#include "media/rgb_converter.h"

namespace orrery {

// The decoded frames of an image or of a file's best video stream, in display order. Damage is refused, never
// concealed. Everything throws InputError that names the file. Internal to media/.
class FrameSource {
 public:
  explicit FrameSource(const std::filesystem::path& path);

  AVFrame* next();  // valid until the next call; null after the last

  const AVStream& stream() const { return *stream_; }
  Untagged untagged() const;
  Fraction fps() const;

 private:
  void feed_decoder();
  void require_whole_picture() const;
  void require_all_packets() const;

  MediaInput input_;
  AVStream* stream_;
  ffmpeg::Codec codec_;
  ffmpeg::Packet packet_;
  ffmpeg::Frame frame_;
  std::int64_t packets_ = 0;
};

}  // namespace orrery
