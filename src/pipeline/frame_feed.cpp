#include "pipeline/frame_feed.h"

#include <utility>
#include <vector>

#include "pipeline/condition.h"

namespace orrery {

FrameFeed::FrameFeed(std::filesystem::path path, std::int64_t height, std::int64_t width)
    : path_(std::move(path)), reader_(path_), height_(height), width_(width) {}

at::Tensor FrameFeed::next(std::int64_t count) {
  std::vector<at::Tensor> frames;
  RgbImage frame;
  while (static_cast<std::int64_t>(frames.size()) < count && reader_.next(frame)) {
    frames.push_back(reader_.is_image() ? image_pixels(frame, path_, height_, width_)
                                        : frame_pixels(frame, path_, height_, width_));
  }
  return frames.empty() ? at::Tensor() : at::cat(frames, 1);
}

}  // namespace orrery
