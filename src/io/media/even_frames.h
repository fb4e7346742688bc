#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "io/media/rgb_image.h"

namespace orrery {

// A picture and when it is shown, in ticks of a constant frame rate: from `begin` to the next picture's `begin`; the
// last picture until `end`.
struct TimedImage {
  RgbImage image;
  std::int64_t begin = 0;
  std::int64_t end = 1;  // more than begin
};

// Converts a variable frame rate to a constant one: each tick gets the last picture that has begun.
class EvenFrames {
 public:
  using Source = std::function<std::optional<TimedImage>()>;  // in order of `begin`, the first at 0

  explicit EvenFrames(Source source) : source_(std::move(source)), ahead_(source_()) {}

  // Whether there was no picture at all. Otherwise first() is the first one, until next() is called.
  bool empty() const { return !ahead_ && !shown_; }
  const RgbImage& first() const { return ahead_->image; }

  // Puts the next tick's picture into `frame`. False after the last.
  bool next(RgbImage& frame);

 private:
  Source source_;
  std::int64_t tick_ = 0;
  std::optional<TimedImage> shown_;
  std::optional<TimedImage> ahead_;  // begins later than the tick before the next
};

}  // namespace orrery
