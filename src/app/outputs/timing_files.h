#pragma once

#include <filesystem>
#include <string>

#include "app/outputs/run_files.h"
#include "base/core/json.h"
#include "base/core/log.h"
#include "pipeline/run_folder.h"

namespace orrery {

// OUT/timings/ID.json: what a clip's phases and its steps took, for --timings. One process writes them.
class TimingFiles {
 public:
  // `topology`: as run.json has it. `load_seconds`: of the models, before the first clip. `log` must outlive the
  // object.
  TimingFiles(std::filesystem::path out, Json topology, double load_seconds, const Log& log);

  // Replaces the clip's file. What goes wrong is a warning: a run does not end for it.
  void write(const RequestResult& result) const;

 private:
  Json content(const RequestResult& result) const;

  RunFolder folder_;
  Json topology_;
  double load_seconds_;
  const Log& log_;
};

}  // namespace orrery
