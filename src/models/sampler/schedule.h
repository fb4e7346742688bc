#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

class ConfigReader;

enum class ScheduleKind { Native, DoubleShift, Karras };

// Where the noise levels of a clip come from: a formula, or the files of a few-step checkpoint.
struct ScheduleRule {
  ScheduleKind kind = ScheduleKind::Native;
  std::vector<float> fixed{};  // the level before each step, from 1 down, without the 0 at the end; empty: by `kind`

  ScheduleRule() = default;
  ScheduleRule(ScheduleKind by) : kind(by) {}
  explicit ScheduleRule(std::vector<float> levels) : fixed(std::move(levels)) {}

  bool is_fixed() const { return !fixed.empty(); }
  std::int64_t fixed_steps() const { return static_cast<std::int64_t>(fixed.size()); }
};

// The noise levels that a request's latents walk down.
struct Schedule {
  std::vector<float> sigmas;      // steps + 1 values in (0, 1], falling, then 0
  std::vector<double> timesteps;  // steps values in thousandths: what the model is told

  std::int64_t steps() const { return static_cast<std::int64_t>(timesteps.size()); }
  // Whether the sampler is that of a few-step checkpoint (fixed_step.h). Its levels begin at 1, those of UniPC below.
  bool renoises() const { return !sigmas.empty() && sigmas.front() == 1; }
};

// MODEL.md §5, bit for bit. `flow_shift` > 0 moves the steps towards high noise (Karras does not use it). Fixed levels
// are taken as they are, with timesteps that are not truncated (MODES.md C). Throws Error when steps < 1 or
// flow_shift <= 0, or when there are other than `steps` fixed levels.
Schedule make_schedule(const ScheduleRule& rule, std::int64_t steps, double flow_shift);

// Whether noise levels fall strictly from below 1 to 0, as the sampler needs them. With an extreme flow_shift they do
// not: neighbouring levels become equal in float32.
bool falls(const std::vector<double>& sigmas);
bool schedule_falls(const ScheduleRule& rule, std::int64_t steps, double flow_shift);

// scheduler/scheduler_config.json: how the checkpoint's own scheduler is set. The solver must be ours (MODEL.md §5);
// the noise levels only matter to those who want them from this file.
struct SchedulerConfig {
  bool karras = false;         // use_karras_sigmas
  std::string unknown_levels;  // "FILE: KEY: …" when the file asks for noise levels that nothing here makes
  bool euler = false;          // FlowMatchEulerDiscreteScheduler, which only few-step checkpoints have
  bool few_steps = false;      // a few-step checkpoint's
  std::vector<float> fixed;    // its levels as in ScheduleRule; empty: the file does not have them
};

// Throws InputError that names the file and the key: another solver, or a key of unknown meaning.
SchedulerConfig read_scheduler_config(const std::filesystem::path& file);

// The levels of a few-step checkpoint in a file's list under `key`, which may have the 0 at its end. Throws InputError
// unless they fall from 1.
std::vector<float> read_fixed_levels(const ConfigReader& reader, const std::string& key);

}  // namespace orrery
