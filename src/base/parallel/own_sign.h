#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/parallel/rank_watch.h"

namespace orrery {

// Makes this rank's signs from the process' pulse. On a CPU, the main thread's CPU time outside meetings is progress as
// well: a layer may take minutes there.
class OwnSign {
 public:
  // The caller is the main thread.
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
