#include "models/sampler/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "base/core/config_reader.h"
#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kTrainSteps = 1000;

// The first `count` of count + 1 evenly spaced values from `first` to `last`. The sigmas' bits depend on this order of
// operations.
std::vector<double> evenly_spaced(double first, double last, std::int64_t count) {
  const double step = (last - first) / static_cast<double>(count);
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i) * step + first);
  return values;
}

std::vector<double> shifted(std::vector<double> values, double shift) {
  for (double& x : values) x = shift * x / (1 + (shift - 1) * x);
  return values;
}

std::vector<double> native(std::int64_t steps, double shift) {
  return shifted(evenly_spaced(double{0.999F}, 0, steps), shift);
}

std::vector<double> double_shift(std::int64_t steps, double shift) {
  const double highest = shifted({1 - 1.0 / kTrainSteps}, shift).front();
  return shifted(evenly_spaced(highest, 0, steps), shift);
}

// Levels of Karras et al. 2022, equation 5, with rho 7, converted from variance-exploding sigmas to the flow's.
std::vector<double> karras(std::int64_t steps) {
  const double rho = 7;
  const double first = std::pow(200.0, 1 / rho);
  const double last = std::pow(0.147, 1 / rho);
  std::vector<double> sigmas{0};
  if (steps > 1) sigmas = evenly_spaced(0, 1, steps - 1);
  if (steps > 1) sigmas.push_back(1);
  for (double& ramp : sigmas) {
    const double sigma = std::pow(first + ramp * (last - first), rho);
    ramp = sigma / (sigma + 1);
  }
  return sigmas;
}

std::vector<double> sigmas_of(ScheduleKind kind, std::int64_t steps, double flow_shift) {
  switch (kind) {
    case ScheduleKind::Native:
      return native(steps, flow_shift);
    case ScheduleKind::DoubleShift:
      return double_shift(steps, flow_shift);
    case ScheduleKind::Karras:
      return karras(steps);
  }
  throw Error("unknown schedule");
}

constexpr const char* kSolver = "UniPCMultistepScheduler";
constexpr const char* kEdgeSolver = "Cosmos3EdgeUniPCMultistepScheduler";  // the same solver under another name

// Requires an option to be off: false, or null, the value of many options that are not set.
void require_off(const ConfigReader& reader, const std::string& key) {
  if (reader.gives(key)) reader.require_only(key, false);
}

constexpr const char* kEuler = "FlowMatchEulerDiscreteScheduler";

// Reads what only files of few-step checkpoints contain. Refuses deterministic steps, which no published checkpoint
// uses.
void read_few_steps(const ConfigReader& reader, SchedulerConfig& config) {
  config.euler = reader.gives("_class_name") && reader.at("_class_name") == kEuler;
  const bool explicit_levels = reader.flag_or("fixed_step_requires_explicit_sigmas", false);
  const bool stochastic = reader.flag_or("stochastic_sampling", false);
  config.few_steps = explicit_levels || stochastic;
  if (!reader.gives("fixed_step_sampler_config")) return;
  config.few_steps = true;
  const ConfigReader sampler = reader.object("fixed_step_sampler_config");
  sampler.require_only_if_given("sample_type", "sde");
  if (sampler.gives("t_list")) config.fixed = read_fixed_levels(sampler, "t_list");
  sampler.require_nothing_else({});
}

// Refuses settings of the Euler scheduler that would matter. At fixed levels, only a shift does.
void require_plain_euler(const ConfigReader& reader) {
  reader.require_only_if_given("num_train_timesteps", 1000);
  reader.require_only_if_given("shift", 1.0);
  reader.require_only_if_given("shift_terminal", nullptr);
  for (const char* key :
       {"use_beta_sigmas", "use_exponential_sigmas", "use_dynamic_shifting", "use_karras_sigmas", "invert_sigmas"}) {
    require_off(reader, key);
  }
  reader.require_nothing_else(
      {"base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift", "time_shift_type"});
}

Schedule fixed_schedule(const std::vector<float>& levels, std::int64_t steps) {
  require(std::ssize(levels) == steps,
          fmt::format("{} steps were asked for of a checkpoint that makes {}", steps, levels.size()));
  Schedule schedule;
  for (const float sigma : levels) {
    schedule.sigmas.push_back(sigma);
    schedule.timesteps.push_back(static_cast<double>(sigma * static_cast<float>(kTrainSteps)));
  }
  schedule.sigmas.push_back(0);
  return schedule;
}

void require_our_solver(const ConfigReader& reader) {
  if (!reader.gives("_class_name") || reader.at("_class_name") != kEdgeSolver) {
    reader.require_only_if_given("_class_name", kSolver);
  }
  reader.require_only_if_given("num_train_timesteps", 1000);
  reader.require_only_if_given("solver_order", 2);
  reader.require_only_if_given("solver_type", "bh2");
  reader.require_only_if_given("solver_p", nullptr);
  reader.require_only_if_given("prediction_type", "flow_prediction");
  reader.require_only_if_given("use_flow_sigmas", true);
  reader.require_only_if_given("predict_x0", true);
  reader.require_only_if_given("lower_order_final", true);
  reader.require_only_if_given("disable_corrector", Json::array());
  reader.require_only_if_given("final_sigmas_type", "zero");
  require_off(reader, "thresholding");
}

void require_our_levels(const ConfigReader& reader, bool karras) {
  for (const char* key : {"use_beta_sigmas", "use_exponential_sigmas", "use_dynamic_shifting"}) {
    require_off(reader, key);
  }
  reader.require_only_if_given("shift_terminal", nullptr);
  if (!karras) return;
  if (reader.gives("sigma_max")) reader.require_only("sigma_max", 200);
  if (reader.gives("sigma_min")) reader.require_only("sigma_min", 0.147);
}

}  // namespace

Schedule make_schedule(const ScheduleRule& rule, std::int64_t steps, double flow_shift) {
  require(steps >= 1, fmt::format("a schedule needs at least 1 step, not {}", steps));
  require(flow_shift > 0, fmt::format("flow_shift must be positive, not {:f}", flow_shift));
  if (rule.is_fixed()) return fixed_schedule(rule.fixed, steps);
  Schedule schedule;
  for (const double sigma : sigmas_of(rule.kind, steps, flow_shift)) {
    schedule.sigmas.push_back(static_cast<float>(sigma));
    schedule.timesteps.push_back(std::trunc(sigma * kTrainSteps));
  }
  schedule.sigmas.push_back(0);
  return schedule;
}

bool falls(const std::vector<double>& sigmas) {
  const bool falling = std::adjacent_find(sigmas.begin(), sigmas.end(), std::less_equal<>()) == sigmas.end();
  return sigmas.size() >= 2 && falling && sigmas.front() < 1 && sigmas.back() == 0;
}

bool schedule_falls(const ScheduleRule& rule, std::int64_t steps, double flow_shift) {
  if (rule.is_fixed()) return true;
  const std::vector<float> sigmas = make_schedule(rule, steps, flow_shift).sigmas;
  return falls({sigmas.begin(), sigmas.end()});
}

std::vector<float> read_fixed_levels(const ConfigReader& reader, const std::string& key) {
  constexpr std::size_t kMost = 100;
  const Json& list = reader.at(key);
  const auto is_level = [](const Json& x) { return x.is_number() && x >= 0 && x <= 1; };
  const bool numbers = list.is_array() && std::all_of(list.begin(), list.end(), is_level);
  std::vector<float> levels = numbers ? list.get<std::vector<float>>() : std::vector<float>{};
  if (!levels.empty() && levels.back() == 0) levels.pop_back();
  const bool falling = std::adjacent_find(levels.begin(), levels.end(), std::less_equal<>()) == levels.end();
  if (levels.empty() || levels.size() > kMost || !falling || levels.front() != 1) {
    reader.refuse(key, list, "noise levels that fall from 1");
  }
  return levels;
}

SchedulerConfig read_scheduler_config(const std::filesystem::path& file) {
  const ConfigReader reader(file);
  SchedulerConfig config;
  read_few_steps(reader, config);
  if (config.euler) {
    require_plain_euler(reader);
    return config;
  }
  require_our_solver(reader);
  config.karras = reader.gives("use_karras_sigmas") && reader.flag_or("use_karras_sigmas", false);
  try {
    require_our_levels(reader, config.karras);
  } catch (const InputError& e) {
    config.unknown_levels = e.what();
  }
  reader.require_nothing_else({
      "use_karras_sigmas", "sigma_max", "sigma_min",                 // relevant only when switched on
      "use_beta_sigmas", "use_exponential_sigmas",                   //
      "use_dynamic_shifting", "shift_terminal",                      //
      "flow_shift", "time_shift_type",                               // the request sets the shift
      "beta_start", "beta_end", "beta_schedule", "trained_betas",    // flow sigmas do not depend on betas,
      "rescale_betas_zero_snr", "timestep_spacing", "steps_offset",  // nor do timesteps
      "dynamic_thresholding_ratio", "sample_max_value",              // relevant only with thresholding
  });
  return config;
}

}  // namespace orrery
