#pragma once

#include <cstdint>
#include <span>

#include "io/media/ffmpeg.h"
#include "io/media/track.h"

namespace orrery {

// The AAC track of a clip: stereo, 48 kHz, 192 kb/s. Throws Error. Internal to media/.
class SoundEncoder {
 public:
  explicit SoundEncoder(AVFormatContext& muxer);  // adds its stream, before the header is written

  // Writes the whole track: `count` samples a channel, cut from `interleaved` or filled up with silence.
  void encode(std::span<const float> interleaved, std::int64_t count);

 private:
  Track track_;
};

}  // namespace orrery
