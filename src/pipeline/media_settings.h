#pragma once

#include "base/core/choice.h"
#include "io/media/picture_file.h"

namespace orrery {

enum class Media { Mp4, None };

constexpr auto choices(Media) {
  return std::array{Choice<Media>{"mp4", Media::Mp4}, Choice<Media>{"none", Media::None}};
}

// What to make of a clip's latents.
struct MediaSettings {
  Media video = Media::Mp4;
  PictureFormat picture = PictureFormat::Png;  // of a clip of one frame, which has no video
  int crf = 18;
  bool keep_frames = false;  // PNG frames, and a WAV with sound, in OUT/frames/ID/
  bool preview = false;      // some of the frames in one picture, beside the mp4
  // Threads of x264, enough to keep up with a GPU that decodes. A fixed number: the mp4's bytes depend on it.
  int encoder_threads = 8;

  bool wanted() const { return video != Media::None || keep_frames || preview; }
};

// How ranks share the decoding of a video.
enum class VaeSplit {
  Exact,  // each has a strip of the picture, and they exchange what strips see of each other: one rank's pixels
  Tiles,  // the seed system's way (wan/decoder.h): close to one rank's pixels
  None    // rank 0 decodes
};

constexpr auto choices(VaeSplit) {
  return std::array{Choice<VaeSplit>{"exact", VaeSplit::Exact}, Choice<VaeSplit>{"tiles", VaeSplit::Tiles},
                    Choice<VaeSplit>{"none", VaeSplit::None}};
}

}  // namespace orrery
