#include "app/bench/kernels.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>

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

// Operators of one thread contain one another: each one's time is taken from the one around it.
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

// Where the argument list of a function begins: the last parenthesis that no other bracket encloses.
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

}  // namespace

std::vector<KernelTime> profile_kernels(at::Device device, const std::function<void()>& work) {
  namespace profiler = torch::autograd::profiler;
  using torch::profiler::impl::ActivityType;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  const std::set<ActivityType> activities{device.is_cpu() ? ActivityType::CPU : ActivityType::CUDA};
  // Without a driver its search for GPUs ends in a line on standard error.
  if (device.is_cpu()) ::setenv("KINETO_LOG_LEVEL", "99", /*overwrite=*/0);
  const DeviceClock clock(device);
  clock.wait();
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities, {at::RecordScope::FUNCTION});  // named phases are no kernels
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

}  // namespace orrery
