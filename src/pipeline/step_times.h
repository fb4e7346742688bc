#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace orrery {

// Marks in the work of a device, numbered from 0: a GPU gets to them later than the host that leaves them there.
class StepMarks {
 public:
  virtual ~StepMarks() = default;
  // One more, behind all work queued so far.
  virtual void add() = 0;
  // Whether the device has got there. Waits for nothing.
  virtual bool passed(std::size_t mark) const = 0;
  // Between two marks that it has passed.
  virtual double seconds(std::size_t from, std::size_t to) const = 0;
  // Until the device has passed all of them.
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

  // Before the first step, and behind each.
  void mark();

  // Steps between marks.
  std::int64_t queued() const { return marked_ == 0 ? 0 : static_cast<std::int64_t>(marked_ - 1); }
  // Those of them that were done when look() was last called.
  std::int64_t passed() const { return static_cast<std::int64_t>(seconds_.size()); }
  void look();
  // Waits for all steps, then looks. Not inside a clip's steps.
  void wait();

  // Of the steps passed, one after another; of the longest of them; of all.
  const std::vector<double>& seconds() const { return seconds_; }
  double longest() const;
  double total() const;

 private:
  std::unique_ptr<StepMarks> marks_;
  std::size_t marked_ = 0;
  std::vector<double> seconds_;
};

}  // namespace orrery
