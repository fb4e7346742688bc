#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/parallel/rank_watch.h"

namespace orrery {

// Makes this rank's reports (RankSign) from the process's pulse. On a CPU, CPU time of the main thread outside meetings
// counts as progress too, since a layer may take minutes.
class OwnSign {
 public:
  // Call it from the main thread.
  OwnSign();
  // One thread at a time.
  RankSign take();

 private:
  double cpu_seconds() const;

  clockid_t main_thread_;
  std::string host_;
  double cpu_before_ = 0;
  double worked_ = 0;  // CPU seconds outside meetings
};

}  // namespace orrery
