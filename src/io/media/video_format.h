#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace orrery {

struct Fraction {
  int numerator = 0;
  int denominator = 1;
  friend bool operator==(const Fraction&, const Fraction&) = default;
};

// The frame rate meant by `fps` (frames per second, above 0.001, at most 1000): 24 → 24/1, 12.5 → 25/2, and the
// broadcast rates n·1000/1001 from their usual spellings, 23.976 → 24000/1001. Otherwise the simplest convergent within
// 1e-6. Throws InputError outside the range.
Fraction fps_fraction(double fps);

// Facts in a video's header.
struct VideoFacts {
  int width = 0;            // pixels, as a player shows them: square, and upright
  int height = 0;           // pixels, as for width
  std::int64_t frames = 0;  // at a constant rate, from the file's duration; 0: not known
  Fraction fps;             // frames per second of VideoReader
  friend bool operator==(const VideoFacts&, const VideoFacts&) = default;
};

inline constexpr int kSoundRate = 48'000;  // samples per second in each channel
inline constexpr int kSoundChannels = 2;   // left, right

using VideoMetadata = std::map<std::string, std::string>;  // UTF-8; any keys: prompt, seed, model, version, …

// An H.264 video: yuv420p, BT.709 in limited range.
struct VideoFormat {
  int width = 0;   // pixels, even
  int height = 0;  // pixels, even
  Fraction fps{24, 1};
  int crf = 18;        // quality, 1 (best) to 51
  int threads = 2;     // of x264; 0: 1.5 for each core. The file's bytes depend on it, but not on timing
  bool sound = false;  // with a stereo track, AAC at 48 kHz
  VideoMetadata metadata;
};

}  // namespace orrery
