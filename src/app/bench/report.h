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

// Reads a GPU's clocks, power and temperature from NVML a few times a second while measurements run: of a GPU at rest
// they would mean nothing. Without NVML, or for a GPU that it does not know, nothing is ever read.
class ClockWatch {
 public:
  // `nvml` may be null.
  ClockWatch(std::unique_ptr<Nvml> nvml, std::string uuid);
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;
  ~ClockWatch();

  // Medians of what was read since the last call, or those of the last call when nothing was; null before the first
  // reading.
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

// Repeated measurements of one thing.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
  int runs = 0;  // 0: nothing was measured
};

// The median of an even number of values is the mean of the middle two.
Spread spread_of(std::vector<double> values);

// `value` to five significant digits; no clock here is more precise.
double rounded(double value);

// One line of a benchmark. `flops` and `bytes` are what one rank does in all of the measured time.
struct Record {
  std::string what;                         // the part: "step", "ceilings", …
  std::string name;                         // what of it: "branch", "qkv product", …
  std::string shape;                        // in words
  Spread ms;                                // milliseconds
  std::int64_t calls = 1;                   // how often it happened in that time
  double flops = 0;                         // floating-point operations; 0: not meaningful
  double bytes = 0;                         // moved through memory or over the wire; 0: not meaningful
  double best_ms = 0;                       // what this run's own ceilings allow; 0: not known
  double part = 0;                          // its share of the work that it is a part of; 0: not a part of any
  std::optional<std::int64_t> peak_memory;  // bytes of GPU memory, the largest of all ranks
  Json more = Json::object();               // further members of the JSON line

  double tflops() const { return ms.median > 0 ? flops / ms.median / 1e9 : 0; }
  double gbps() const { return ms.median > 0 ? bytes / ms.median / 1e6 : 0; }
  // Of what the ceilings allow: 1 is as fast as they are.
  double share() const { return ms.median > 0 ? best_ms / ms.median : 0; }
};

// Members that are not known are left out.
Json to_json(const Record& record);

// Prints each record as soon as it is measured: as JSON lines, or as rows of a table. Rank 0 has a report that prints;
// the other ranks have a silent one.
class Report {
 public:
  enum class Form { Table, JsonLines, Silent };

  // `facts`: members that every JSON line ends with. `clocks` may be null.
  Report(std::ostream& out, Form form, Json facts, std::unique_ptr<ClockWatch> clocks);

  // Call right after the measurement: the line's clocks are those read since the line before it.
  void add(const Record& record);

 private:
  std::ostream& out_;
  Form form_;
  Json facts_;
  std::unique_ptr<ClockWatch> clocks_;
};

}  // namespace orrery
