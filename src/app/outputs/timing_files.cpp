#include "app/outputs/timing_files.h"

#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"

namespace orrery {

TimingFiles::TimingFiles(std::filesystem::path out, Json topology, double load_seconds, const Log& log)
    : folder_{std::move(out)}, topology_(std::move(topology)), load_seconds_(load_seconds), log_(log) {}

Json TimingFiles::content(const RequestResult& result) const {
  Json json;
  json["format"] = "orrery-timings";
  json["version"] = 1;
  json["id"] = result.id;
  json["status"] = name_of(result.status);
  json["finished"] = result.finished;
  json["request"] = result.request;
  json["topology"] = topology_;
  json["model_load_seconds"] = load_seconds_;
  json["phases"] = Json::object();
  for (const auto& [phase, seconds] : result.seconds.phases()) json["phases"][phase] = seconds;
  json["seconds"] = result.seconds.total();
  json["first_step"] = result.steps_done - std::ssize(result.step_seconds) + 1;
  json["step_seconds"] = result.step_seconds;
  if (result.computed.empty()) return json;
  json["computed_steps"] = Json::array();
  for (const std::int64_t step : result.computed) json["computed_steps"].push_back(step + 1);
  return json;
}

void TimingFiles::write(const RequestResult& result) const {
  try {
    const std::filesystem::path file = folder_.timings(result.id);
    std::filesystem::create_directories(file.parent_path());
    write_file(file, json_text(content(result), 2) + "\n");
  } catch (const std::exception& e) {
    log_.warning(result.id + ": no timings: " + e.what());
  }
}

}  // namespace orrery
