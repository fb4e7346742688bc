#pragma once

#include <vector>

namespace orrery {

// A rate that depends on the length of a sequence: known at some lengths, between them linear in the length's
// logarithm, beyond them that of the nearest.
class RateCurve {
 public:
  struct Point {
    double tokens = 0;
    double rate = 0;  // a second
  };

  RateCurve() = default;
  // In any order, each length once.
  explicit RateCurve(std::vector<Point> points);

  bool empty() const { return points_.empty(); }
  const std::vector<Point>& points() const { return points_; }  // the shortest first
  // Of a curve that is not empty.
  double at(double tokens) const;
  // Every rate times `factor`.
  RateCurve times(double factor) const;

 private:
  std::vector<Point> points_;
};

}  // namespace orrery
