#include "io/media/even_frames.h"

#include <utility>

namespace orrery {

bool EvenFrames::next(RgbImage& frame) {
  while (ahead_ && ahead_->begin <= tick_) {
    shown_ = std::move(ahead_);
    ahead_ = source_();
  }
  const std::int64_t end = ahead_ ? ahead_->begin : shown_ ? shown_->end : 0;
  if (tick_ >= end) return false;
  ++tick_;
  if (tick_ < end) {
    frame = shown_->image;
  } else {
    frame = std::move(shown_->image);
  }
  return true;
}

}  // namespace orrery
