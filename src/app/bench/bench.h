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

// Repeats work on all ranks at the same time; the slowest rank's time counts. `world` must outlive the object.
class Timer {
 public:
  // `repeats` 0: each measurement as often as its budget allows, 3 to 20 times.
  Timer(const Comm& world, at::Device device, int repeats) : world_(&world), clock_(device), repeats_(repeats) {}

  const DeviceClock& clock() const { return clock_; }
  // Milliseconds of one `work`, after one or two runs to warm up. Short work is repeated within a measurement.
  // Collective.
  Spread measure(const std::function<void()>& work, double budget_seconds = 1.5) const;
  // Milliseconds of `count` times `work` in a row, the slowest rank's. Collective.
  double once(const std::function<void()>& work, int count = 1) const;
  // Milliseconds until `work` has queued all that it has for the device, the slowest rank's. Collective.
  double host_ms(const std::function<void()>& work) const;
  // The slowest rank's figure, or the largest. Collective.
  double largest(double value) const { return world_->max(value); }
  // The most bytes that tensors held on any rank's GPU since reset_peak_memory; none on CPUs. Collective.
  std::optional<std::int64_t> largest_memory() const;

 private:
  const Comm* world_;
  DeviceClock clock_;
  int repeats_;
};

// The ranks that measure, their device and their kernels. What is referred to must outlive the object.
struct BenchRanks {
  const Comm& world;
  const RankGroups& groups;
  GridShape grid;
  at::Device device;
  at::ScalarType dtype;
  NamedAttention attention = {};                     // for the steps
  std::vector<NamedAttention> all_attention = {{}};  // for the ceilings; includes `attention`
};

// What every part of a benchmark works with.
struct BenchContext {
  const BenchSettings& settings;
  const BenchRanks& ranks;
  const Timer& timer;
  Report& report;
};

// Measures what the settings ask for, a line each into `report`, with the ceilings that the lines are compared with
// measured first. Collective over all ranks; only rank 0's report should print.
void run_bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report,
               const Log& log);

}  // namespace orrery
