#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/clip_job.h"

namespace orrery {

// What a run did, for the table at its end.
class RunSummary {
 public:
  // `wanted`: clips to make.
  explicit RunSummary(std::size_t wanted) : wanted_(wanted) {}

  void add(const ClipJob& job, const ClipResult& clip);
  std::size_t failed() const { return count(End::Failed); }
  // Clips that were stopped or not begun.
  std::size_t unfinished() const { return wanted_ - failed() - count(End::Done); }
  // One row a clip with the seconds of each phase that took any, then a line of totals. `total_seconds`: of the whole
  // run.
  std::string table(double total_seconds) const;

 private:
  enum class End { Done, Failed, Stopped };
  struct Row {
    std::string id;
    PhaseTimes times;
    End end;
    std::string remark;
  };
  std::size_t count(End end) const;
  // Those of any clip, in the order in which they first appeared.
  std::vector<std::string> phases() const;

  std::size_t wanted_;
  std::vector<Row> rows_;
};

}  // namespace orrery
