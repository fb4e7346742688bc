#include "app/bench/report.h"

#include <ostream>
#include <utility>

#include "base/core/json.h"

namespace orrery {

Report::Report(std::ostream& out, Form form, Json facts, std::unique_ptr<ClockWatch> clocks)
    : out_(out), form_(form), facts_(std::move(facts)), clocks_(std::move(clocks)) {
  if (form_ == Form::Table) out_ << table_header() << std::endl;
}

void Report::add(const Record& record) {
  if (form_ == Form::Table) out_ << table_row(record) << std::endl;
  if (form_ != Form::JsonLines) return;
  Json line = to_json(record);
  const Json clocks = clocks_ ? clocks_->seen() : Json();
  if (!clocks.is_null()) line["clocks"] = clocks;
  line.update(facts_);
  out_ << json_text(line) << std::endl;
}

}  // namespace orrery
