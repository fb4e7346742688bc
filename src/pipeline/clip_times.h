#pragma once

#include <ATen/ATen.h>
#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/core/stopwatch.h"
#include "base/device/device_memory.h"

namespace orrery {

// Shares all of a request's wall time out among its phases: a phase lasts from the end of the one before it until its
// own work on the device is done.
class PhaseClock {
 public:
  // `times` must outlive the object.
  PhaseClock(PhaseTimes& times, at::Device device) : times_(&times), device_(device) {}
  // Leaves the time since the last phase out of this request's.
  void skip() { watch_.restart(); }
  void end(const std::string& phase) {
    finish_work(device_);
    end_queued(phase);
  }
  // Leaves what the device is still at to the next phase, of this request or of the next one.
  void end_queued(const std::string& phase) {
    times_->add(phase, watch_.seconds());
    watch_.restart();
  }

 private:
  PhaseTimes* times_;
  at::Device device_;
  Stopwatch watch_;
};

// Marks in the work queued on a device, numbered from 0: a GPU reaches them later than the host queues them.
class StepMarks {
 public:
  virtual ~StepMarks() = default;
  // Adds a mark behind all work queued so far.
  virtual void add() = 0;
  // Whether the device has reached the mark. Waits for nothing.
  virtual bool passed(std::size_t mark) const = 0;
  // Seconds between two marks that the device has passed.
  virtual double seconds(std::size_t from, std::size_t to) const = 0;
  // Waits until the device has passed all marks.
  virtual void wait() const = 0;
};

// Events of the current stream on a GPU, the host's clock on a CPU, where work is done when it is queued.
std::unique_ptr<StepMarks> device_marks(c10::Device device);

// How long each of a clip's steps takes where it is computed. The host only asks for what has happened: the steps that
// it has queued and the GPU has not done are `queued() - passed()`.
class StepTimes {
 public:
  explicit StepTimes(c10::Device device) : StepTimes(device_marks(device)) {}
  explicit StepTimes(std::unique_ptr<StepMarks> marks) : marks_(std::move(marks)) {}

  // Call before the first step, and after each.
  void mark();

  // Steps that the host has queued.
  std::int64_t queued() const { return marked_ == 0 ? 0 : static_cast<std::int64_t>(marked_ - 1); }
  // Steps that the device had done when look() was last called.
  std::int64_t passed() const { return static_cast<std::int64_t>(seconds_.size()); }
  void look();
  // Waits for all steps, then looks. Not inside a clip's steps.
  void wait();

  // Seconds of each passed step in order, of the longest one, and of all.
  const std::vector<double>& seconds() const { return seconds_; }
  double longest() const;
  double total() const;

 private:
  std::unique_ptr<StepMarks> marks_;
  std::size_t marked_ = 0;
  std::vector<double> seconds_;
};

}  // namespace orrery
