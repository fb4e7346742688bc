#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/core/json.h"
#include "base/device/nvml.h"

namespace orrery {

// Samples a GPU's clocks, power and temperature from NVML a few times a second, in a thread, because those of an idle
// GPU would mean nothing. Without NVML, or for a GPU that it does not know, there are no samples.
class ClockWatch {
 public:
  // `nvml` may be null.
  ClockWatch(std::unique_ptr<Nvml> nvml, std::string uuid);
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;
  ~ClockWatch();

  // The medians of the samples since the last call; without new samples, the previous result; null before the first
  // sample.
  Json seen();

 private:
  void watch();

  std::unique_ptr<Nvml> nvml_;
  std::string uuid_;
  std::mutex mutex_;
  std::condition_variable leaving_;
  bool leave_ = false;
  std::vector<GpuState> states_;
  Json last_;
  std::thread thread_;
};

// The statistics of repeated measurements.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
  int runs = 0;  // 0: nothing was measured
};

// For an even number of values, the median is the mean of the middle two.
Spread spread_of(std::vector<double> values);

// `value` to five significant digits, the precision of the clocks.
double rounded(double value);

// One line of a benchmark. `flops` and `bytes` are one rank's, in the whole measured time.
struct Record {
  std::string what;                         // the part: "step", "ceilings", …
  std::string name;                         // the work within the part: "branch", "qkv product", …
  std::string shape;                        // in words
  Spread ms;                                // the time [ms]
  std::int64_t calls = 1;                   // calls within that time
  double flops = 0;                         // FLOPs; 0: not applicable
  double bytes = 0;                         // moved through memory or sent to other ranks; 0: not applicable
  double best_ms = 0;                       // the time at this run's ceilings; 0: not known
  double part = 0;                          // the share of the larger work's time; 0: not part of a larger work
  std::optional<std::int64_t> peak_memory;  // of GPU memory, maximum over the ranks [bytes]
  Json more = Json::object();               // further members of the JSON line

  double tflops() const { return ms.median > 0 ? flops / ms.median / 1e9 : 0; }
  double gbps() const { return ms.median > 0 ? bytes / ms.median / 1e6 : 0; }
  // The speed relative to the ceilings; 1 is as fast.
  double share() const { return ms.median > 0 ? best_ms / ms.median : 0; }
};

// The members of the JSON line. Leaves out unknown ones.
Json to_json(const Record& record);

// Prints each record as soon as it is measured, as a JSON line or as a row of a table. Rank 0 has a report that prints;
// the other ranks have silent ones.
class Report {
 public:
  enum class Form { Table, JsonLines, Silent };

  // `facts` are added to the end of every JSON line. `clocks` may be null.
  Report(std::ostream& out, Form form, Json facts, std::unique_ptr<ClockWatch> clocks);

  // Call right after the measurement: the line's clocks are the samples since the previous line.
  void add(const Record& record);

 private:
  std::ostream& out_;
  Form form_;
  Json facts_;
  std::unique_ptr<ClockWatch> clocks_;
};

}  // namespace orrery
