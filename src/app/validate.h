#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/options.h"

namespace orrery {

// What a look at a checkpoint found.
struct CheckpointSummary {
  std::string description;           // one line: name, sizes, bytes
  std::int64_t vocabulary = 0;       // rows of the token embedding
  bool sound = false;                // it makes and decodes sound
  std::string schedule_problem{};    // CheckpointFiles::own_schedule_problem
  std::vector<std::string> notes{};  // CheckpointFiles::notes
};

// Checks a checkpoint's configurations and tensor headers for a grid of ranks, without reading weights. Throws
// InputError.
using CheckpointAudit = std::function<CheckpointSummary(const std::filesystem::path& checkpoint, GridShape grid)>;

// `orrery validate`: makes every check that `run` would make. Returns a short table of what was found. Throws one
// InputError with a line for each problem of all checks.
std::string validate(const Options& options, const CheckpointAudit& audit);

}  // namespace orrery
