#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace orrery {

// Accumulates how far values are from those expected, frame after frame. A value that is not finite differs by 0 from
// the same value and by infinity from every other.
class Difference {
 public:
  template <class T>
  void add_frame(std::span<const T> expected, std::span<const T> found) {
    bool same = true;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      same &= add(static_cast<double>(expected[i]), static_cast<double>(found[i]));
    }
    if (!same && !first_) first_ = frames_;
    ++frames_;
  }

  double max_abs() const { return max_abs_; }
  // The root mean square of the differences, divided by that of the expected values; 0 or infinity where these are all
  // 0.
  double relative_rms() const;
  // In decibels, of a signal from 0 to `peak`; infinity where nothing differs.
  double psnr(double peak) const;
  double mean_square() const;
  // From the smallest expected value to the largest.
  double range() const { return max_ - min_; }
  std::optional<std::int64_t> first_differing_frame() const { return first_; }
  std::int64_t frames() const { return frames_; }

 private:
  // Whether both are the same.
  bool add(double expected, double found);

  double max_abs_ = 0;
  double squares_ = 0;  // of the differences
  double expected_squares_ = 0;
  double min_ = 0;
  double max_ = 0;
  std::int64_t count_ = 0;
  std::int64_t frames_ = 0;
  std::optional<std::int64_t> first_;
};

}  // namespace orrery
