#include "app/bench/breakdown.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>
#include <vector>

#include "base/core/error.h"
#include "base/device/device_events.h"

namespace orrery {
namespace {

using torch::autograd::profiler::KinetoEvent;

using Totals = std::map<std::string, KernelTime>;

void add(Totals& totals, const std::string& name, double ns) {
  KernelTime& total = totals[name];
  total.name = name;
  total.calls += 1;
  total.ms += ns / 1e6;
}

Totals device_totals(const std::vector<KinetoEvent>& events) {
  Totals totals;
  for (const KinetoEvent& event : events) {
    if (event.deviceType() == c10::DeviceType::CUDA) add(totals, event.name(), static_cast<double>(event.durationNs()));
  }
  return totals;
}

// Operators of one thread are nested: subtracts the time of each from the operator that encloses it.
Totals operator_totals(const std::vector<KinetoEvent>& events) {
  std::vector<const KinetoEvent*> ordered;
  for (const KinetoEvent& event : events) ordered.push_back(&event);
  std::stable_sort(ordered.begin(), ordered.end(), [](const KinetoEvent* a, const KinetoEvent* b) {
    if (a->startThreadId() != b->startThreadId()) return a->startThreadId() < b->startThreadId();
    if (a->startNs() != b->startNs()) return a->startNs() < b->startNs();
    return a->endNs() > b->endNs();
  });
  std::vector<double> own(ordered.size());
  std::vector<std::size_t> around;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const KinetoEvent& event = *ordered[i];
    const auto is_over = [&](std::size_t outer) {
      return ordered[outer]->startThreadId() != event.startThreadId() || ordered[outer]->endNs() <= event.startNs();
    };
    while (!around.empty() && is_over(around.back())) around.pop_back();
    own[i] = static_cast<double>(event.durationNs());
    if (!around.empty()) own[around.back()] -= own[i];
    around.push_back(i);
  }
  Totals totals;
  for (std::size_t i = 0; i < ordered.size(); ++i) add(totals, ordered[i]->name(), own[i]);
  return totals;
}

void remove_all(std::string& text, std::string_view what) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) text.erase(at, what.size());
}

// The position of a function's argument list: its opening parenthesis is the last one outside all other brackets.
std::size_t arguments_begin(const std::string& name) {
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == ')' || name[i] == '>') ++depth;
    if (name[i] == '(' || name[i] == '<') --depth;
    if (depth == 0 && name[i] == '(') return i;
    if (depth <= 0 && name[i] != '(') break;
  }
  return name.size();
}

// The thread's recorder, for LibTorch's callbacks, which are plain functions.
thread_local PhaseRecorder* listening = nullptr;

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

std::vector<KernelTime> profile_kernels(at::Device device, const std::function<void()>& work) {
  namespace profiler = torch::autograd::profiler;
  using torch::profiler::impl::ActivityType;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  const std::set<ActivityType> activities{device.is_cpu() ? ActivityType::CPU : ActivityType::CUDA};
  // Without a driver, the profiler's search for GPUs would print a line on standard error.
  if (device.is_cpu()) ::setenv("KINETO_LOG_LEVEL", "99", /*overwrite=*/0);
  const DeviceClock clock(device);
  clock.wait();
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities, {at::RecordScope::FUNCTION});  // without named phases
  work();
  clock.wait();
  const auto result = profiler::disableProfiler();
  const Totals totals = device.is_cpu() ? operator_totals(result->events()) : device_totals(result->events());
  std::vector<KernelTime> kernels;
  for (const auto& [name, total] : totals) kernels.push_back(total);
  std::stable_sort(kernels.begin(), kernels.end(), [](const auto& a, const auto& b) { return a.ms > b.ms; });
  return kernels;
}

std::string readable_kernel(const std::string& name) {
  std::string text = name.substr(0, arguments_begin(name));
  for (const char* noise : {"void ", "at::native::", "(anonymous namespace)::", "<unnamed>::", "c10::", "std::"}) {
    remove_all(text, noise);
  }
  return text.empty() ? name : text;
}

struct PhaseRecorder::Callbacks {
  static std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
    listening->enter(function.name());
    return nullptr;
  }
  static void leave(const at::RecordFunction&, at::ObserverContext*) { listening->leave(); }
};

PhaseRecorder::PhaseRecorder(const DeviceClock& clock) : clock_(&clock) {
  require(listening == nullptr, "a thread's phases are being recorded already");
  listening = this;
  handle_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(&Callbacks::enter, &Callbacks::leave).scopes({at::RecordScope::USER_SCOPE}));
}

PhaseRecorder::~PhaseRecorder() {
  at::removeCallback(handle_);
  listening = nullptr;
}

void PhaseRecorder::enter(const char* name) {
  const std::string full = open_ ? visits_[*open_].name + " / " + name : name;
  visits_.push_back({full, open_, clock_->mark(), {}});
  open_ = visits_.size() - 1;
}

void PhaseRecorder::leave() {
  Visit& visit = visits_[*open_];
  visit.end = clock_->mark();
  open_ = visit.outer;
}

std::vector<PhaseTime> PhaseRecorder::times() const {
  clock_->wait();
  std::vector<double> own(visits_.size());
  for (std::size_t i = 0; i < visits_.size(); ++i) {
    if (!visits_[i].end) continue;
    const double ms = visits_[i].begin.ms_until(*visits_[i].end);
    own[i] += ms;
    if (visits_[i].outer) own[*visits_[i].outer] -= ms;
  }
  std::vector<PhaseTime> times;
  for (std::size_t i = 0; i < visits_.size(); ++i) {
    auto found = std::find_if(times.begin(), times.end(), [&](const auto& t) { return t.name == visits_[i].name; });
    if (found == times.end()) found = times.insert(times.end(), {visits_[i].name, 0, 0});
    found->calls += 1;
    found->ms += own[i];
  }
  return times;
}

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
