#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/generate.h"

namespace orrery {

// What a run did, for the table at its end.
class RunSummary {
 public:
  void add(const std::string& id, const ClipResult& clip);
  std::size_t failed() const;
  // One row a clip with the seconds of each phase, then a line of totals. `total_seconds`: of the whole run.
  std::string table(double total_seconds) const;

 private:
  struct Row {
    std::string id;
    PhaseTimes times;
    bool failed;
  };
  std::vector<Row> rows_;
};

}  // namespace orrery
