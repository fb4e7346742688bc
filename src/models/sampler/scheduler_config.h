#pragma once

#include <filesystem>
#include <string>

namespace orrery {

// scheduler/scheduler_config.json: how the checkpoint's own scheduler is set. The solver must be ours (MODEL.md §5);
// the noise levels only matter to those who want them from this file.
struct SchedulerConfig {
  bool karras = false;         // use_karras_sigmas
  std::string unknown_levels;  // "FILE: KEY: …" when the file asks for noise levels that nothing here makes
};

// Throws InputError that names the file and the key: another solver, a few-step checkpoint's own sampler, or a key of
// unknown meaning.
SchedulerConfig read_scheduler_config(const std::filesystem::path& file);

// Why a checkpoint cannot be used that was trained for a few fixed noise levels (MODES.md C), after "FILE: KEY: ".
std::string few_step_refusal();

}  // namespace orrery
