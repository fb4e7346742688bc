#include "app/bench/record.h"

#include <cstdio>

namespace orrery {
namespace {

constexpr std::size_t kWhat = 13, kName = 44, kShape = 40, kNumber = 11;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

void add_left(std::string& row, const std::string& text, std::size_t width) {
  row += text;
  row.append(text.size() < width ? width - text.size() : 0, ' ');
  row += ' ';
}

void add_number(std::string& row, const std::string& text) {
  row.append(text.size() < kNumber ? kNumber - text.size() : 0, ' ');
  row += text;
}

std::string if_known(double value, int digits, const char* unit = "") {
  return value > 0 ? fixed(value, digits) + unit : "";
}

}  // namespace

Json to_json(const Record& r) {
  Json json{{"what", r.what}, {"name", r.name}, {"shape", r.shape}};
  if (r.ms.runs > 0) {
    json["median_ms"] = rounded(r.ms.median);
    json["min_ms"] = rounded(r.ms.min);
    json["max_ms"] = rounded(r.ms.max);
    json["runs"] = r.ms.runs;
  }
  json["calls"] = r.calls;
  if (r.tflops() > 0) json["tflops"] = rounded(r.tflops());
  if (r.gbps() > 0) json["gbps"] = rounded(r.gbps());
  if (r.best_ms > 0) {
    json["ceiling_ms"] = rounded(r.best_ms);
    json["share"] = rounded(r.share());
  }
  if (r.peak_memory) json["peak_memory"] = *r.peak_memory;
  if (r.part > 0) json["part"] = rounded(r.part);
  json.update(r.more);
  return json;
}

std::string table_header() {
  std::string row;
  add_left(row, "what", kWhat);
  add_left(row, "", kName);
  add_left(row, "shape", kShape);
  for (const char* title : {"calls", "ms", "TFLOP/s", "GB/s", "of ceiling", "of whole"}) add_number(row, title);
  return row;
}

std::string table_row(const Record& r) {
  std::string row;
  add_left(row, r.what, kWhat);
  if (r.shape.empty()) {
    add_left(row, r.name.substr(0, kName + 1 + kShape), kName + 1 + kShape);
  } else {
    add_left(row, r.name, kName);
    add_left(row, r.shape, kShape);
  }
  add_number(row, std::to_string(r.calls));
  add_number(row, fixed(r.ms.median, 3));
  add_number(row, if_known(r.tflops(), r.tflops() < 1 ? 4 : 1));
  add_number(row, if_known(r.gbps(), 1));
  add_number(row, if_known(100 * r.share(), 1, " %"));
  add_number(row, if_known(100 * r.part, 1, " %"));
  if (r.peak_memory) row += "  peak " + fixed(static_cast<double>(*r.peak_memory) / 1e9, 2) + " GB";
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

}  // namespace orrery
