#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

// What a checkpoint's model_index.json and modular_model_index.json say of the whole.
struct PipelineIndex {
  bool native_schedule = false;    // use_native_flow_schedule
  std::vector<std::string> notes;  // for whoever starts a run: what the files ask for that is not done
};

// Files that are not there say nothing. Throws InputError that names the file and the key: a pipeline or a part of it
// that this program does not compute, a key of unknown meaning, or any mark of a few-step checkpoint, the folder's name
// included.
PipelineIndex read_pipeline_index(const std::filesystem::path& checkpoint);

}  // namespace orrery
