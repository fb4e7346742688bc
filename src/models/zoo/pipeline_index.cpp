#include "models/zoo/pipeline_index.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "base/core/config_reader.h"
#include "base/core/error.h"
#include "models/sampler/schedule.h"
#include "models/zoo/random_name.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// Published few-step checkpoints, whose files may not say what they are.
constexpr std::array<std::string_view, 2> kFewStepNames{"Cosmos3-Super-Text2Image-4Step",
                                                        "Cosmos3-Super-Image2Video-4Step"};

// Whether the folder has this name, or a download cache's form of it: models--OWNER--NAME/snapshots/REVISION.
bool is_called(const fs::path& folder, std::string_view name) {
  const fs::path last = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  return last == fs::path(name) || std::any_of(folder.begin(), folder.end(), [&](const fs::path& part) {
           return part.string().ends_with("--" + std::string(name));
         });
}

bool has_few_step_name(const fs::path& checkpoint) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(checkpoint, ignored);
  return std::any_of(kFewStepNames.begin(), kFewStepNames.end(),
                     [&](std::string_view name) { return is_called(checkpoint, name) || is_called(real, name); });
}

bool says_distilled(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find("Distilled") != std::string::npos;
}

void read_few_steps(const ConfigReader& reader, const fs::path& file, PipelineIndex& index) {
  const auto mark = [&](const char* key) { index.few_steps = file.string() + ": " + key; };
  for (const char* key : {"_class_name", "_blocks_class_name"}) {
    if (reader.gives(key) && says_distilled(reader.at(key))) mark(key);
  }
  if (reader.flag_or("is_distilled", false)) mark("is_distilled");
  if (!reader.gives("distilled_sigmas")) return;
  mark("distilled_sigmas");
  index.fixed = read_fixed_levels(reader, "distilled_sigmas");
}

void read_system_prompt(const ConfigReader& reader, const fs::path& file, PipelineIndex& index) {
  if (!reader.flag_or("default_use_system_prompt", false)) return;
  index.notes.push_back(file.string() +
                        ": default_use_system_prompt is true: clips are made without a system prompt, as NVIDIA's own "
                        "code makes them");
}

void require_known_pipeline(const ConfigReader& reader) {
  if (!reader.gives("_class_name")) return;
  const Json& name = reader.at("_class_name");
  if (says_distilled(name)) return;
  if (!name.is_string() || !name.get_ref<const std::string&>().starts_with("Cosmos3Omni")) {
    reader.refuse("_class_name", name, "a Cosmos3Omni pipeline (nothing else is implemented)");
  }
}

// Requires a part of the pipeline to be [LIBRARY, wanted], or [null, null] when it is left out.
void require_part(const ConfigReader& reader, const std::string& key, const std::string& wanted) {
  if (!reader.gives(key)) return;
  const Json& part = reader.at(key);
  const bool ok = part.is_array() && part.size() >= 2 && (part[1].is_null() || part[1] == wanted);
  if (!ok) reader.refuse(key, part, "[LIBRARY, \"" + wanted + "\"] (nothing else is implemented)");
}

// Whether the scheduler is one of those accepted under other class names; the scheduler's own file has its settings.
bool has_known_scheduler(const ConfigReader& reader) {
  if (!reader.gives("scheduler")) return true;
  const Json& part = reader.at("scheduler");
  return part.is_array() && part.size() >= 2 &&
         (part[1] == "FlowMatchEulerDiscreteScheduler" || part[1] == "Cosmos3EdgeUniPCMultistepScheduler");
}

void require_known_parts(const ConfigReader& reader) {
  require_part(reader, "transformer", "Cosmos3OmniTransformer");
  require_part(reader, "vae", "AutoencoderKLWan");
  if (!has_known_scheduler(reader)) require_part(reader, "scheduler", "UniPCMultistepScheduler");
  require_part(reader, "sound_tokenizer", "Cosmos3AVAEAudioTokenizer");
  reader.require_nothing_else({
      "text_tokenizer", "tokenizer",  // its own files describe it
      "vision_encoder", "vision_tokenizer", "image_processor", "video_processor", "feature_extractor",
      "processor",                                             // for answering questions about pictures
      "safety_checker", "enable_safety_checker", "guardrail",  // clips are not checked for safety here
      "action_tokenizer",                                      // actions are not generated
  });
}

void read_model_index(const fs::path& file, PipelineIndex& index) {
  const ConfigReader reader(file);
  read_few_steps(reader, file, index);
  require_known_pipeline(reader);
  index.native_schedule = reader.flag_or("use_native_flow_schedule", false);
  read_system_prompt(reader, file, index);
  require_known_parts(reader);
}

void read_modular_index(const fs::path& file, PipelineIndex& index) {
  const ConfigReader reader(file);
  read_few_steps(reader, file, index);
  read_system_prompt(reader, file, index);
}

SchedulerConfig scheduler_of(const fs::path& checkpoint) {
  const fs::path file = checkpoint / "scheduler" / "scheduler_config.json";
  return fs::exists(file) ? read_scheduler_config(file) : SchedulerConfig{};
}

}  // namespace

PipelineIndex read_pipeline_index(const fs::path& checkpoint) {
  PipelineIndex index;
  const fs::path plain = checkpoint / "model_index.json", modular = checkpoint / "modular_model_index.json";
  if (fs::exists(plain)) read_model_index(plain, index);
  if (fs::exists(modular)) read_modular_index(modular, index);
  return index;
}

std::vector<float> published_few_step_levels() { return {1, 0.9375F, 0.8333333333333334F, 0.625F}; }

std::vector<float> few_step_levels(const fs::path& checkpoint) {
  if (is_random_checkpoint(checkpoint)) {
    return checkpoint.string().ends_with(kFewStepEnding) ? published_few_step_levels() : std::vector<float>{};
  }
  const PipelineIndex index = read_pipeline_index(checkpoint);
  const SchedulerConfig scheduler = scheduler_of(checkpoint);
  require_input(index.fixed.empty() || scheduler.fixed.empty() || index.fixed == scheduler.fixed,
                index.few_steps + ": other noise levels than fixed_step_sampler_config.t_list in " +
                    (checkpoint / "scheduler" / "scheduler_config.json").string() + ": they are not of one checkpoint");
  if (!index.fixed.empty()) return index.fixed;
  if (!scheduler.fixed.empty()) return scheduler.fixed;
  if (has_few_step_name(checkpoint)) return published_few_step_levels();
  const bool marked = !index.few_steps.empty() || scheduler.few_steps;
  require_input(!marked && !scheduler.euler,
                checkpoint.string() +
                    ": a few-step (distilled) checkpoint without its noise levels, which are distilled_sigmas in "
                    "modular_model_index.json or fixed_step_sampler_config.t_list in scheduler/scheduler_config.json");
  return {};
}

}  // namespace orrery
