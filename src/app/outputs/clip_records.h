#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/outputs/run_files.h"
#include "base/core/log.h"
#include "base/parallel/comm.h"
#include "pipeline/clip_job.h"
#include "pipeline/progress.h"

namespace orrery {

// Collects a run's results for the table at its end.
class RunSummary {
 public:
  // `wanted` is the number of clips to make.
  explicit RunSummary(std::size_t wanted) : wanted_(wanted) {}

  void add(const ClipJob& job, const ClipResult& clip);
  std::size_t failed() const { return count(End::Failed); }
  // Number of clips that were stopped or not begun.
  std::size_t unfinished() const { return wanted_ - failed() - count(End::Done); }
  // A table with the phases' times [s], a row for each clip and a row of totals. `total_seconds` is the time of the
  // whole run.
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
  // The phases of all clips, in the order in which they first appeared.
  std::vector<std::string> phases() const;

  std::size_t wanted_;
  std::vector<Row> rows_;
};

// Receives the results of a run's clips as they are delivered, on every rank.
class ClipRecords {
 public:
  // Stores a clip's result.
  using Keep = std::function<void(const RequestResult&)>;

  // `wanted` is the number of clips to make, `device` that of the ranks. `keep` is called on rank 0 only. The
  // references must outlive the object.
  ClipRecords(std::size_t wanted, const Comm& world, at::Device device, Keep keep, Progress& progress, const Log& log);

  // Adds a clip that is done, failed or stopped. Not collective.
  void add(const ClipJob& job, ClipResult clip);

  const std::set<std::string>& failed_ids() const { return failed_ids_; }
  const RunSummary& summary() const { return summary_; }

 private:
  const Comm& world_;
  at::Device device_;
  Keep keep_;
  Progress& progress_;
  const Log& log_;
  RunSummary summary_;
  std::set<std::string> failed_ids_;
};

}  // namespace orrery
