#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace orrery {

// Accumulates the differences between expected and found values, frame by frame. A value that is not finite differs by
// 0 from an equal value and by infinity from any other.
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
  // RMS of the differences divided by RMS of the expected values; 0 or infinity when all expected values are 0.
  double relative_rms() const;
  // PSNR [dB] for a signal from 0 to `peak`; infinity without differences.
  double psnr(double peak) const;
  // Mean square of the differences.
  double mean_square() const;
  // Difference of the largest and the smallest expected value.
  double range() const { return max_ - min_; }
  std::optional<std::int64_t> first_differing_frame() const { return first_; }
  std::int64_t frames() const { return frames_; }

 private:
  // Returns whether both values are equal.
  bool add(double expected, double found);

  double max_abs_ = 0;
  double squares_ = 0;  // sum of squared differences
  double expected_squares_ = 0;
  double min_ = 0;
  double max_ = 0;
  std::int64_t count_ = 0;
  std::int64_t frames_ = 0;
  std::optional<std::int64_t> first_;
};

}  // namespace orrery
