#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

// The settings of the whole pipeline in a checkpoint's model_index.json and modular_model_index.json.
struct PipelineIndex {
  bool native_schedule = false;    // use_native_flow_schedule
  std::string few_steps{};         // "FILE: KEY" that marks a few-step checkpoint; "": none
  std::vector<float> fixed{};      // its noise levels, as in ScheduleRule; empty: not in the files
  std::vector<std::string> notes;  // warnings for the user: what the files ask for that is not done
};

// Reads both files, each of which may be missing. Throws InputError that names the file and the key for a pipeline, or
// part of one, that this program does not support, and for a key of unknown meaning.
PipelineIndex read_pipeline_index(const std::filesystem::path& checkpoint);

// The noise levels of a few-step (distilled) checkpoint, as in ScheduleRule; empty for others. Such a checkpoint is
// recognized by its scheduler_config.json, its index files or the name under which it was published (MODES.md C). The
// levels come from whichever file has them; when only the name identifies it, they are those of the published
// checkpoints. Throws InputError when a file cannot be read, when two files differ, or when none has the levels.
std::vector<float> few_step_levels(const std::filesystem::path& checkpoint);

// The levels of all published few-step checkpoints: 1, 3/4, 1/2 and 1/4, shifted by 5.
std::vector<float> published_few_step_levels();

}  // namespace orrery
