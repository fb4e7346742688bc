#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "app/bench/report.h"
#include "app/bench/settings.h"
#include "base/core/log.h"
#include "base/device/device_events.h"
#include "base/parallel/comm.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "models/nn/attention.h"

namespace orrery {

// Times work that all ranks do at the same time, by the slowest rank. `world` must outlive the object.
class Timer {
 public:
  // `repeats` 0: as many as a measurement's time budget allows, 3 to 20.
  Timer(const Comm& world, at::Device device, int repeats) : world_(&world), clock_(device), repeats_(repeats) {}

  const DeviceClock& clock() const { return clock_; }
  // The time of one `work` [ms], after one or two warm-up runs. Short work is repeated within each measurement.
  // Collective.
  Spread measure(const std::function<void()>& work, double budget_seconds = 1.5) const;
  // The time of `count` runs of `work` in a row, on the slowest rank [ms]. Collective.
  double once(const std::function<void()>& work, int count = 1) const;
  // The time until `work` has queued everything on the device, on the slowest rank [ms]. Collective.
  double host_ms(const std::function<void()>& work) const;
  // The maximum of `value` over the ranks. Collective.
  double largest(double value) const { return world_->max(value); }
  // The peak of tensor memory since reset_peak_memory(), maximum over the ranks [bytes]; none on CPUs. Collective.
  std::optional<std::int64_t> largest_memory() const;

 private:
  const Comm* world_;
  DeviceClock clock_;
  int repeats_;
};

// The ranks that measure, their device and their attention kernels. The references must outlive the object.
struct BenchRanks {
  const Comm& world;
  const RankGroups& groups;
  GridShape grid;
  at::Device device;
  at::ScalarType dtype;
  NamedAttention attention = {};                     // of steps
  std::vector<NamedAttention> all_attention = {{}};  // of ceilings; includes `attention`
};

// Arguments that all parts of a benchmark share.
struct BenchContext {
  const BenchSettings& settings;
  const BenchRanks& ranks;
  const Timer& timer;
  Report& report;
};

// Measures the parts that the settings ask for and adds a line to `report` for each measurement. Measures the ceilings
// of a part before it. Collective over all ranks; only rank 0's report should print.
void run_bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report,
               const Log& log);

}  // namespace orrery
