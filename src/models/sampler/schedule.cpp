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

// `count` + 1 values from `first` to `last`, without the last. The sigmas' bits hang on this order of operations.
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

// Karras et al. 2022, equation 5, with rho 7; then from the variance-exploding sigma to the flow's.
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

// Null, as many of these options are when unset, is off as well.
void require_off(const ConfigReader& reader, const std::string& key) {
  if (reader.gives(key)) reader.require_only(key, false);
}

// Marks of the few-step checkpoints' sampler.
void refuse_few_steps(const ConfigReader& reader) {
  for (const char* key : {"fixed_step_sampler_config", "fixed_step_requires_explicit_sigmas", "stochastic_sampling"}) {
    reader.require_consistent(!reader.gives(key) || reader.at(key) == false,
                              std::string(key) + ": " + few_step_refusal());
  }
}

void require_our_solver(const ConfigReader& reader) {
  reader.require_only_if_given("_class_name", kSolver);
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

Schedule make_schedule(ScheduleKind kind, std::int64_t steps, double flow_shift) {
  require(steps >= 1, fmt::format("a schedule needs at least 1 step, not {}", steps));
  require(flow_shift > 0, fmt::format("flow_shift must be positive, not {:f}", flow_shift));
  Schedule schedule;
  for (const double sigma : sigmas_of(kind, steps, flow_shift)) {
    schedule.sigmas.push_back(static_cast<float>(sigma));
    schedule.timesteps.push_back(static_cast<std::int64_t>(sigma * kTrainSteps));
  }
  schedule.sigmas.push_back(0);
  return schedule;
}

bool falls(const std::vector<double>& sigmas) {
  const bool falling = std::adjacent_find(sigmas.begin(), sigmas.end(), std::less_equal<>()) == sigmas.end();
  return sigmas.size() >= 2 && falling && sigmas.front() < 1 && sigmas.back() == 0;
}

bool schedule_falls(ScheduleKind kind, std::int64_t steps, double flow_shift) {
  const std::vector<float> sigmas = make_schedule(kind, steps, flow_shift).sigmas;
  return falls({sigmas.begin(), sigmas.end()});
}

std::string few_step_refusal() {
  return "a few-step (distilled) checkpoint, which has noise levels and a sampler of its own that are not implemented: "
         "use the checkpoint that it was distilled from";
}

SchedulerConfig read_scheduler_config(const std::filesystem::path& file) {
  const ConfigReader reader(file);
  refuse_few_steps(reader);
  require_our_solver(reader);
  SchedulerConfig config;
  config.karras = reader.gives("use_karras_sigmas") && reader.flag_or("use_karras_sigmas", false);
  try {
    require_our_levels(reader, config.karras);
  } catch (const InputError& e) {
    config.unknown_levels = e.what();
  }
  reader.require_nothing_else({
      "use_karras_sigmas", "sigma_max", "sigma_min",                 // where they are not asked for
      "use_beta_sigmas", "use_exponential_sigmas",                   //
      "use_dynamic_shifting", "shift_terminal",                      //
      "flow_shift", "time_shift_type",                               // the request has the shift
      "beta_start", "beta_end", "beta_schedule", "trained_betas",    // flow sigmas are made without betas,
      "rescale_betas_zero_snr", "timestep_spacing", "steps_offset",  // and timesteps with them
      "dynamic_thresholding_ratio", "sample_max_value",              // without thresholding
  });
  return config;
}

}  // namespace orrery
