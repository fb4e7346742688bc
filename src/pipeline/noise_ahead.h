#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "pipeline/denoise.h"

namespace orrery {

// The starting noise of clips, of which the next one's is drawn in a thread of its own while a clip is denoised: one
// core takes a third of a second for a large clip. On each rank; calls come from one thread.
class NoiseAhead {
 public:
  // Begins to draw what the next take() will most likely ask for. Waits for the end of what was begun before.
  void begin(std::uint32_t seed, const MediaShape& shape);
  // What noise_for gives: from what was begun, or drawn now where that was for something else.
  MediaLatents take(std::uint32_t seed, const MediaShape& shape, at::Device device);

 private:
  // All that the noise depends on.
  struct Key {
    std::uint32_t seed = 0;
    Streams<std::vector<std::int64_t>> extents;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static Key key_of(std::uint32_t seed, const MediaShape& shape);

  Key begun_;
  std::future<MediaLatents> drawn_;  // on the CPU; invalid: nothing was begun
};

}  // namespace orrery
