#include "pipeline/clip_times.h"

#include <algorithm>
#include <numeric>

#include "base/device/device_events.h"

namespace orrery {
namespace {

class DeviceMarks final : public StepMarks {
 public:
  explicit DeviceMarks(c10::Device device) : clock_(device) {}

  void add() override { marks_.push_back(clock_.mark()); }
  bool passed(std::size_t mark) const override { return marks_.at(mark).passed(); }
  double seconds(std::size_t from, std::size_t to) const override {
    return marks_.at(from).ms_until(marks_.at(to)) / 1e3;
  }
  void wait() const override { clock_.wait(); }

 private:
  DeviceClock clock_;
  std::vector<DeviceClock::Mark> marks_;
};

}  // namespace

std::unique_ptr<StepMarks> device_marks(c10::Device device) { return std::make_unique<DeviceMarks>(device); }

void StepTimes::mark() {
  marks_->add();
  ++marked_;
}

void StepTimes::look() {
  for (std::size_t next = seconds_.size() + 1; next < marked_ && marks_->passed(next); ++next) {
    seconds_.push_back(marks_->seconds(next - 1, next));
  }
}

void StepTimes::wait() {
  marks_->wait();
  look();
}

double StepTimes::longest() const { return seconds_.empty() ? 0 : *std::max_element(seconds_.begin(), seconds_.end()); }

double StepTimes::total() const { return std::accumulate(seconds_.begin(), seconds_.end(), 0.0); }

}  // namespace orrery
