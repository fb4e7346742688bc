#include "app/plan/rate_curve.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

RateCurve::RateCurve(std::vector<Point> points) : points_(std::move(points)) {
  std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.tokens < b.tokens; });
}

double RateCurve::at(double tokens) const {
  const auto above =
      std::find_if(points_.begin(), points_.end(), [&](const Point& point) { return point.tokens >= tokens; });
  if (above == points_.begin()) return points_.front().rate;
  if (above == points_.end()) return points_.back().rate;
  const Point& below = *(above - 1);
  const double way = std::log(tokens / below.tokens) / std::log(above->tokens / below.tokens);
  return below.rate + way * (above->rate - below.rate);
}

RateCurve RateCurve::times(double factor) const {
  std::vector<Point> points = points_;
  for (Point& point : points) point.rate *= factor;
  return RateCurve(std::move(points));
}

}  // namespace orrery
