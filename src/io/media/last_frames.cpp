#include "io/media/last_frames.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "io/media/video_reader.h"

namespace orrery {

std::vector<RgbImage> read_last_frames(const std::filesystem::path& path, std::size_t count) {
  require(count > 0, "the last frames of a video: expected a positive number of them");
  VideoReader reader(path);
  std::vector<RgbImage> ring;
  std::size_t oldest = 0;
  for (RgbImage frame; reader.next(frame);) {
    if (ring.size() < count) {
      ring.push_back(std::move(frame));
    } else {
      std::swap(ring[oldest], frame);
      oldest = (oldest + 1) % count;
    }
  }
  std::rotate(ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(oldest), ring.end());
  return ring;
}

}  // namespace orrery
