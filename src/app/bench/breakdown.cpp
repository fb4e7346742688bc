#include "app/bench/breakdown.h"

#include <vector>

#include "app/bench/kernels.h"
#include "app/bench/phases.h"

namespace orrery {
namespace {

Record part_of(const BrokenDown& subject, double ms, double total_ms, std::int64_t calls) {
  Record record;
  record.what = subject.what;
  record.ms = spread_of({ms});
  record.calls = calls;
  record.more["of"] = subject.of;
  record.part = total_ms > 0 ? ms / total_ms : 0;
  return record;
}

}  // namespace

void report_phases(const BrokenDown& subject, const std::map<std::string, PhaseCost>& costs,
                   const BenchContext& context) {
  const DeviceClock& clock = context.timer.clock();
  clock.wait();
  context.ranks.world.barrier();
  const PhaseRecorder recorder(clock);
  const DeviceClock::Mark begin = clock.mark();
  subject.work();
  const DeviceClock::Mark end = clock.mark();
  const std::vector<PhaseTime> phases = recorder.times();
  const double total = begin.ms_until(end);
  double rest = total;
  for (const PhaseTime& phase : phases) {
    Record record = part_of(subject, phase.ms, total, phase.calls);
    record.name = "phase: " + phase.name;
    if (const auto cost = costs.find(phase.name); cost != costs.end()) {
      const auto calls = static_cast<double>(phase.calls);
      record.flops = calls * cost->second.flops;
      record.bytes = calls * cost->second.bytes;
      record.best_ms = calls * cost->second.best_ms;
    }
    context.report.add(record);
    rest -= phase.ms;
  }
  Record record = part_of(subject, rest, total, 1);
  record.name = "phase: the rest";
  context.report.add(record);
}

void report_kernels(const BrokenDown& subject, const BenchContext& context) {
  const auto count = static_cast<std::size_t>(context.settings.kernels);
  if (count == 0) return;
  context.ranks.world.barrier();
  const std::vector<KernelTime> kernels = profile_kernels(context.ranks.device, subject.work);
  double total = 0;
  for (const KernelTime& kernel : kernels) total += kernel.ms;
  for (std::size_t i = 0; i < kernels.size() && i < count; ++i) {
    Record record = part_of(subject, kernels[i].ms, total, kernels[i].calls);
    record.name = "kernel: " + readable_kernel(kernels[i].name);
    record.more["kernel"] = kernels[i].name;
    context.report.add(record);
  }
}

}  // namespace orrery
