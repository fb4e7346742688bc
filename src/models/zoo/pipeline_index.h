#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

// What a checkpoint's model_index.json and modular_model_index.json say of the whole.
struct PipelineIndex {
  bool native_schedule = false;    // use_native_flow_schedule
  std::string few_steps{};         // "FILE: KEY" of what marks a few-step checkpoint; "": nothing does
  std::vector<float> fixed{};      // its noise levels, as in ScheduleRule; empty: the files do not have them
  std::vector<std::string> notes;  // for whoever starts a run: what the files ask for that is not done
};

// Files that are not there say nothing. Throws InputError that names the file and the key: a pipeline or a part of it
// that this program does not compute, or a key of unknown meaning.
PipelineIndex read_pipeline_index(const std::filesystem::path& checkpoint);

// The noise levels of a few-step (distilled) checkpoint, as in ScheduleRule; empty for others. Such a checkpoint is
// known by any of three marks (MODES.md C): its scheduler_config.json, its index files, the name it was published by.
// The levels are those of whichever file has them, and those of the published checkpoints where only the name tells.
// Throws InputError when a file cannot be read, when two files differ, or when none has the levels.
std::vector<float> few_step_levels(const std::filesystem::path& checkpoint);

// The levels of all published few-step checkpoints: 1, 3/4, 1/2 and 1/4, shifted by 5.
std::vector<float> published_few_step_levels();

}  // namespace orrery
