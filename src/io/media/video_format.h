#pragma once

#include <map>
#include <string>

#include "io/media/fraction.h"

namespace orrery {

inline constexpr int kSoundRate = 48'000;  // samples a second and channel
inline constexpr int kSoundChannels = 2;   // left, right

// An H.264 video: yuv420p, BT.709 in limited range.
struct VideoFormat {
  int width = 0;   // pixels, even
  int height = 0;  // pixels, even
  Fraction fps{24, 1};
  int crf = 18;        // quality, 1 (best) to 51
  int threads = 2;     // of x264, 0: one and a half a core; the bytes depend on their number, but not on timing
  bool sound = false;  // a stereo track beside it, AAC at 48 kHz
  std::map<std::string, std::string> metadata;  // UTF-8; any keys: prompt, seed, model, version, …
};

}  // namespace orrery
