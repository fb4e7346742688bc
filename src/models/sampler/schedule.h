#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

enum class ScheduleKind { Native, DoubleShift, Karras };

// The noise levels that a request's latents walk down.
struct Schedule {
  std::vector<float> sigmas;            // steps + 1 values in (0, 1), falling, then 0
  std::vector<std::int64_t> timesteps;  // steps values in thousandths: what the model is told

  std::int64_t steps() const { return static_cast<std::int64_t>(timesteps.size()); }
};

// MODEL.md §5, bit for bit. `flow_shift` > 0 moves the steps towards high noise (Karras does not use it). Throws Error
// when steps < 1 or flow_shift <= 0.
Schedule make_schedule(ScheduleKind kind, std::int64_t steps, double flow_shift);

// Whether noise levels fall strictly from below 1 to 0, as the sampler needs them. With an extreme flow_shift they do
// not: neighbouring levels become equal in float32.
bool falls(const std::vector<double>& sigmas);
bool schedule_falls(ScheduleKind kind, std::int64_t steps, double flow_shift);

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
