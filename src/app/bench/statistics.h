#pragma once

#include <vector>

namespace orrery {

// Repeated measurements of one thing.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
  int runs = 0;  // 0: nothing was measured
};

// The median of an even number of values is the mean of the middle two.
Spread spread_of(std::vector<double> values);

// Five significant digits, which is more than a clock deserves.
double rounded(double value);

}  // namespace orrery
