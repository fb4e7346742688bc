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

// Divides a request's wall time among its phases: a phase lasts from the end of the previous one until its own work on
// the device is done.
class PhaseClock {
 public:
  // `times` must outlive the object.
  PhaseClock(PhaseTimes& times, at::Device device) : times_(&times), device_(device) {}
  // Excludes the time since the last phase from this request's times.
  void skip() { watch_.restart(); }
  // Ends a phase. Waits for its work on the device.
  void end(const std::string& phase) {
    finish_work(device_);
    end_queued(phase);
  }
  // Ends a phase without waiting for the device: unfinished work counts for the next phase, of this or the next
  // request.
  void end_queued(const std::string& phase) {
    times_->add(phase, watch_.seconds());
    watch_.restart();
  }

 private:
  PhaseTimes* times_;
  at::Device device_;
  Stopwatch watch_;
};

// Marks in the work queued on a device, numbered from 0. A GPU reaches them later than the host queues them.
class StepMarks {
 public:
  virtual ~StepMarks() = default;
  // Adds a mark behind all work queued so far.
  virtual void add() = 0;
  // Whether the device has reached the mark. Does not wait.
  virtual bool passed(std::size_t mark) const = 0;
  // Seconds between two marks that the device has passed.
  virtual double seconds(std::size_t from, std::size_t to) const = 0;
  // Waits until the device has passed all marks.
  virtual void wait() const = 0;
};

// Makes marks: events of the current stream on a GPU; times of the host's clock on a CPU, where queued work is already
// done.
std::unique_ptr<StepMarks> device_marks(c10::Device device);

// Measures the time of each of a clip's steps on its device. The host never waits inside a clip: queued() - passed()
// steps are queued but not done.
class StepTimes {
 public:
  explicit StepTimes(c10::Device device) : StepTimes(device_marks(device)) {}
  explicit StepTimes(std::unique_ptr<StepMarks> marks) : marks_(std::move(marks)) {}

  // Call it before the first step and after each step.
  void mark();

  // Number of steps that the host has queued.
  std::int64_t queued() const { return marked_ == 0 ? 0 : static_cast<std::int64_t>(marked_ - 1); }
  // Number of steps that the device had done at the last look().
  std::int64_t passed() const { return static_cast<std::int64_t>(seconds_.size()); }
  // Updates passed() and the times. Does not wait.
  void look();
  // Waits for all steps, then calls look(). Do not call it between a clip's steps.
  void wait();

  // Seconds of each passed step, in order; of the longest one; and in total.
  const std::vector<double>& seconds() const { return seconds_; }
  double longest() const;
  double total() const;

 private:
  std::unique_ptr<StepMarks> marks_;
  std::size_t marked_ = 0;
  std::vector<double> seconds_;
};

}  // namespace orrery
