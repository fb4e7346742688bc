#include "app/bench/phases.h"

#include <ATen/record_function.h>

#include <algorithm>

#include "base/core/error.h"

namespace orrery {
namespace {

// LibTorch's callbacks are bare functions, so that they find their recorder here.
thread_local PhaseRecorder* listening = nullptr;

}  // namespace

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

}  // namespace orrery
