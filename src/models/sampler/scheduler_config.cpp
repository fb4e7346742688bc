#include "models/sampler/scheduler_config.h"

#include "base/core/config_reader.h"
#include "base/core/error.h"

namespace orrery {
namespace {

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
