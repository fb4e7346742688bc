#pragma once

#include <iosfwd>
#include <memory>

#include "app/bench/clock_watch.h"
#include "app/bench/record.h"

namespace orrery {

// Prints what was measured, as it comes: JSON lines, or a table. One rank has a report that prints; the others have
// a silent one.
class Report {
 public:
  enum class Form { Table, JsonLines, Silent };

  // `facts`: members that every JSON line ends with. `clocks` may be null.
  Report(std::ostream& out, Form form, Json facts, std::unique_ptr<ClockWatch> clocks);

  // Right after the measurement: the clocks of its line are those seen since the line before.
  void add(const Record& record);

 private:
  std::ostream& out_;
  Form form_;
  Json facts_;
  std::unique_ptr<ClockWatch> clocks_;
};

}  // namespace orrery
