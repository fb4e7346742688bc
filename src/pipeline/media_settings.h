#pragma once

#include "base/core/choice.h"
#include "io/media/picture_file.h"

namespace orrery {

enum class Media { Mp4, None };

constexpr auto choices(Media) {
  return std::array{Choice<Media>{"mp4", Media::Mp4}, Choice<Media>{"none", Media::None}};
}

// Which media to make from a clip's latents.
struct MediaSettings {
  Media video = Media::Mp4;
  PictureFormat picture = PictureFormat::Png;  // for a clip of one frame, which has no video
  int crf = 18;
  bool keep_frames = false;  // PNG frames and, for sound, a WAV file in OUT/frames/ID/
  bool preview = false;      // contact sheet of some frames, beside the mp4
  // Threads of x264, enough to keep up with a GPU that decodes. The number is fixed, since the mp4's bytes depend on
  // it.
  int encoder_threads = 8;

  bool wanted() const { return video != Media::None || keep_frames || preview; }
};

// How the ranks split the decoding of a video.
enum class VaeSplit {
  Exact,  // strips of the picture with exchanged halos: equals the pixels of a single rank
  Tiles,  // the seed system's overlapping tiles (wan/decoder.h): an approximation
  None    // rank 0 decodes alone
};

constexpr auto choices(VaeSplit) {
  return std::array{Choice<VaeSplit>{"exact", VaeSplit::Exact}, Choice<VaeSplit>{"tiles", VaeSplit::Tiles},
                    Choice<VaeSplit>{"none", VaeSplit::None}};
}

}  // namespace orrery
