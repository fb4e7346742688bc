#pragma once

#include "io/media/ffmpeg.h"

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

}  // namespace orrery
