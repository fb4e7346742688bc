#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/core/error.h"
#include "base/core/json.h"
#include "models/sampler/schedule.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// As the published checkpoints have it, with every option that diffusers writes.
Json published() {
  return Json::parse(R"({"_class_name": "UniPCMultistepScheduler", "_diffusers_version": "0.37.1",
    "beta_end": 0.02, "beta_schedule": "linear", "beta_start": 0.0001, "disable_corrector": [],
    "dynamic_thresholding_ratio": 0.995, "final_sigmas_type": "zero", "flow_shift": 1.0, "lower_order_final": true,
    "num_train_timesteps": 1000, "predict_x0": true, "prediction_type": "flow_prediction",
    "rescale_betas_zero_snr": false, "sample_max_value": 1.0, "shift_terminal": null, "sigma_max": 200.0,
    "sigma_min": 0.147, "solver_order": 2, "solver_p": null, "solver_type": "bh2", "steps_offset": 0,
    "thresholding": false, "time_shift_type": "exponential", "timestep_spacing": "linspace", "trained_betas": null,
    "use_beta_sigmas": false, "use_dynamic_shifting": false, "use_exponential_sigmas": false, "use_flow_sigmas": true,
    "use_karras_sigmas": true})");
}

class SchedulerConfigFile : public testing::Test {
 protected:
  SchedulerConfig read(const Json& json) const {
    return read_scheduler_config(folder_.write("scheduler_config.json", json.dump()));
  }
  TemporaryFolder folder_;
};

TEST_F(SchedulerConfigFile, ThePublishedOneAsksForKarras) {
  const SchedulerConfig config = read(published());
  EXPECT_TRUE(config.karras);
  EXPECT_EQ(config.unknown_levels, "");
}

TEST_F(SchedulerConfigFile, EdgesSolverIsTheSameByAnotherName) {
  Json json = published();
  json.update(
      {{"_class_name", "Cosmos3EdgeUniPCMultistepScheduler"}, {"flow_shift", 3.0}, {"use_karras_sigmas", false}});
  EXPECT_FALSE(read(json).karras);
  json["solver_order"] = 3;
  EXPECT_THAT([&] { read(json); }, ThrowsMessage<InputError>(HasSubstr("solver_order: found 3")));
}

TEST_F(SchedulerConfigFile, AFewKeysAreEnough) {
  const SchedulerConfig config = read(Json::object());
  EXPECT_FALSE(config.karras);
  EXPECT_EQ(config.unknown_levels, "");
}

struct Setting {
  const char* key;
  Json value;
  const char* said;
};

TEST_F(SchedulerConfigFile, OtherNoiseLevelsAreSaidAndNotRefused) {
  for (const Setting& row : {Setting{"use_beta_sigmas", true, "use_beta_sigmas: found true, expected false"},
                             Setting{"use_exponential_sigmas", true, "use_exponential_sigmas: found true"},
                             Setting{"use_dynamic_shifting", true, "use_dynamic_shifting: found true"},
                             Setting{"shift_terminal", 0.1, "shift_terminal: found 0.1"},
                             Setting{"sigma_max", 80.0, "sigma_max: found 80.0, expected 200"},
                             Setting{"sigma_min", 0.002, "sigma_min: found 0.002, expected 0.147"}}) {
    Json json = published();
    json[row.key] = row.value;
    EXPECT_THAT(read(json).unknown_levels, AllOf(HasSubstr("scheduler_config.json: "), HasSubstr(row.said)));
  }
}

TEST_F(SchedulerConfigFile, AnotherSolverIsRefused) {
  for (const Setting& row : {Setting{"_class_name", "DDIMScheduler", "_class_name: found \"DDIMScheduler\""},
                             Setting{"solver_order", 3, "solver_order: found 3, expected 2"},
                             Setting{"solver_type", "bh1", "solver_type: found \"bh1\""},
                             Setting{"prediction_type", "epsilon", "prediction_type: found \"epsilon\""},
                             Setting{"predict_x0", false, "predict_x0: found false"},
                             Setting{"lower_order_final", false, "lower_order_final: found false"},
                             Setting{"disable_corrector", {0}, "disable_corrector: found [0], expected []"},
                             Setting{"final_sigmas_type", "sigma_min", "final_sigmas_type: found \"sigma_min\""},
                             Setting{"num_train_timesteps", 100, "num_train_timesteps: found 100"},
                             Setting{"use_flow_sigmas", false, "use_flow_sigmas: found false"},
                             Setting{"thresholding", true, "thresholding: found true"},
                             Setting{"euler_at_final", true, "euler_at_final: found true, expected no such key"}}) {
    Json json = published();
    json[row.key] = row.value;
    EXPECT_THAT([&] { read(json); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("scheduler_config.json: "), HasSubstr(row.said))));
  }
}

// As the few-step checkpoints have it.
Json published_few_steps() {
  return Json::parse(R"({"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": "0.40.0.dev0",
    "base_image_seq_len": 256, "base_shift": 0.5, "fixed_step_requires_explicit_sigmas": true,
    "fixed_step_sampler_config": {"sample_type": "sde", "t_list": [1.0, 0.9375, 0.8333333333333334, 0.625]},
    "invert_sigmas": false, "max_image_seq_len": 4096, "max_shift": 1.15, "num_train_timesteps": 1000, "shift": 1.0,
    "shift_terminal": null, "stochastic_sampling": true, "time_shift_type": "exponential", "use_beta_sigmas": false,
    "use_dynamic_shifting": false, "use_exponential_sigmas": false, "use_karras_sigmas": false})");
}

TEST_F(SchedulerConfigFile, AFewStepSamplersLevelsAreRead) {
  const std::vector<float> levels{1, 0.9375F, 0.8333333333333334F, 0.625F};
  Json json = published_few_steps();
  EXPECT_EQ(read(json).fixed, levels);
  EXPECT_TRUE(read(json).few_steps);
  EXPECT_TRUE(read(json).euler);
  json["fixed_step_sampler_config"]["t_list"] = {1.0, 0.9375, 0.8333333333333334, 0.625, 0.0};
  EXPECT_EQ(read(json).fixed, levels) << "the 0 at the end is understood";
  const SchedulerConfig plain = read({{"_class_name", "FlowMatchEulerDiscreteScheduler"}, {"shift", 1.0}});
  EXPECT_TRUE(plain.euler);
  EXPECT_FALSE(plain.few_steps);
  EXPECT_TRUE(read({{"stochastic_sampling", true}}).few_steps);
  EXPECT_FALSE(read(published()).few_steps);
}

TEST_F(SchedulerConfigFile, OtherFewStepSamplersAreRefused) {
  for (const Setting& row :
       {Setting{"shift", 3.0, "shift: found 3.0, expected 1.0"},
        Setting{"use_karras_sigmas", true, "use_karras_sigmas: found true"},
        Setting{"fixed_step_sampler_config",
                {{"sample_type", "ode"}},
                "fixed_step_sampler_config.sample_type: found \"ode\", expected \"sde\""},
        Setting{
            "fixed_step_sampler_config", {{"t_list", {0.9, 0.5}}}, "t_list: found [0.9,0.5], expected noise levels"},
        Setting{"fixed_step_sampler_config", {{"t_list", {1.0, 1.0}}}, "expected noise levels that fall from 1"},
        Setting{"fixed_step_sampler_config", {{"t_list", Json::array()}}, "t_list: found []"},
        Setting{"fixed_step_sampler_config", {{"t_list", "1, 0.5"}}, "t_list: found \"1, 0.5\""}}) {
    Json json = published_few_steps();
    json[row.key] = row.value;
    EXPECT_THAT([&] { read(json); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("scheduler_config.json: "), HasSubstr(row.said))));
  }
}

}  // namespace
}  // namespace orrery
