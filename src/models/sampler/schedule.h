#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

class ConfigReader;

enum class ScheduleKind { Native, DoubleShift, Karras };

// Origin of a clip's noise levels: a formula, or the files of a few-step checkpoint.
struct ScheduleRule {
  ScheduleKind kind = ScheduleKind::Native;
  std::vector<float> fixed{};  // level before each step, from 1 down, without the final 0; empty: by `kind`

  ScheduleRule() = default;
  ScheduleRule(ScheduleKind by) : kind(by) {}
  explicit ScheduleRule(std::vector<float> levels) : fixed(std::move(levels)) {}

  bool is_fixed() const { return !fixed.empty(); }
  std::int64_t fixed_steps() const { return static_cast<std::int64_t>(fixed.size()); }
};

// The noise levels and timesteps of a request's steps.
struct Schedule {
  std::vector<float> sigmas;      // steps + 1 decreasing values: in (0, 1], the last 0
  std::vector<double> timesteps;  // `steps` values in thousandths: the model's input

  std::int64_t steps() const { return static_cast<std::int64_t>(timesteps.size()); }
  // Whether the schedule is for the sampler of few-step checkpoints (fixed_step.h): its levels begin at 1, those of
  // UniPC below 1.
  bool renoises() const { return !sigmas.empty() && sigmas.front() == 1; }
};

// Makes the schedule of MODEL.md §5, bit for bit. A larger `flow_shift` moves the steps towards high noise (Karras does
// not use it). Fixed levels are used unchanged, with timesteps that are not truncated (MODES.md C). Throws Error when
// steps < 1 or flow_shift <= 0, or when the number of fixed levels is not `steps`.
Schedule make_schedule(const ScheduleRule& rule, std::int64_t steps, double flow_shift);

// Whether noise levels decrease strictly from below 1 to 0, as the sampler requires. With an extreme flow_shift they do
// not: neighbouring levels become equal in float32.
bool falls(const std::vector<double>& sigmas);
bool schedule_falls(const ScheduleRule& rule, std::int64_t steps, double flow_shift);

// Settings of a checkpoint's scheduler, from scheduler/scheduler_config.json. The solver must be the one implemented
// here (MODEL.md §5); the noise levels matter only when a run takes the schedule from this file.
struct SchedulerConfig {
  bool karras = false;         // use_karras_sigmas
  std::string unknown_levels;  // "FILE: KEY: …" when the noise levels are not implemented
  bool euler = false;          // FlowMatchEulerDiscreteScheduler, which only few-step checkpoints have
  bool few_steps = false;      // a few-step checkpoint
  std::vector<float> fixed;    // its levels as in ScheduleRule; empty: not in the file
};

// Reads the file. Throws InputError that names the file and the key for another solver and for a key of unknown
// meaning.
SchedulerConfig read_scheduler_config(const std::filesystem::path& file);

// Reads the levels of a few-step checkpoint from the list under `key`, which may include the final 0. Throws InputError
// unless they decrease from 1.
std::vector<float> read_fixed_levels(const ConfigReader& reader, const std::string& key);

}  // namespace orrery
