#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

// Wall time since construction or restart(), in seconds.
class Stopwatch {
 public:
  double seconds() const;
  void restart();

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Seconds spent in named phases, in the order in which the phases first appeared.
class PhaseTimes {
 public:
  void add(const std::string& phase, double seconds);
  double total() const;
  const std::vector<std::pair<std::string, double>>& phases() const { return phases_; }

 private:
  std::vector<std::pair<std::string, double>> phases_;
};

}  // namespace orrery
