#include "base/core/stopwatch.h"

#include <algorithm>

namespace orrery {

double Stopwatch::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Stopwatch::restart() { start_ = std::chrono::steady_clock::now(); }

void PhaseTimes::add(const std::string& phase, double seconds) {
  const auto found =
      std::find_if(phases_.begin(), phases_.end(), [&](const auto& entry) { return entry.first == phase; });
  if (found == phases_.end()) {
    phases_.emplace_back(phase, seconds);
  } else {
    found->second += seconds;
  }
}

double PhaseTimes::total() const {
  double sum = 0;
  for (const auto& [name, seconds] : phases_) sum += seconds;
  return sum;
}

}  // namespace orrery
