#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>

#include "app/outputs/run_files.h"
#include "app/outputs/run_summary.h"
#include "base/core/log.h"
#include "base/parallel/comm.h"
#include "pipeline/clip_job.h"
#include "pipeline/progress.h"

namespace orrery {

// What the clips of a run became, as they are delivered, on every rank.
class ClipRecords {
 public:
  // Takes a clip's result to wherever it is kept.
  using Keep = std::function<void(const RequestResult&)>;

  // `wanted`: clips to make. `device`: of the ranks. `keep` is called on rank 0 alone. References must outlive the
  // object.
  ClipRecords(std::size_t wanted, const Comm& world, at::Device device, Keep keep, Progress& progress, const Log& log);

  // A clip is done, failed or stopped. Not collective.
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
