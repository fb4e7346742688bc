#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/bench/statistics.h"
#include "base/core/json.h"

namespace orrery {

// One line of a benchmark. Work and bytes are of one rank, and of the whole time.
struct Record {
  std::string what;                         // the part: "step", "ceilings", …
  std::string name;                         // what of it: "branch", "qkv product", …
  std::string shape;                        // in words
  Spread ms;                                // milliseconds
  std::int64_t calls = 1;                   // how often it happened in that time
  double flops = 0;                         // floating-point operations; 0: not meaningful
  double bytes = 0;                         // moved through memory or over the wire; 0: not meaningful
  double best_ms = 0;                       // what this run's own ceilings allow; 0: not known
  double part = 0;                          // its share of the work that it is a part of; 0: it is none
  std::optional<std::int64_t> peak_memory;  // bytes of GPU memory, the largest of all ranks
  Json more = Json::object();               // further members of the JSON line

  double tflops() const { return ms.median > 0 ? flops / ms.median / 1e9 : 0; }
  double gbps() const { return ms.median > 0 ? bytes / ms.median / 1e6 : 0; }
  // Of the possible: 1 is the ceiling.
  double share() const { return ms.median > 0 ? best_ms / ms.median : 0; }
};

// Members that are not known are left out.
Json to_json(const Record& record);

// For people: columns of table_header().
std::string table_header();
std::string table_row(const Record& record);

}  // namespace orrery
