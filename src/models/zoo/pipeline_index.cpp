#include "models/zoo/pipeline_index.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "base/core/config_reader.h"
#include "base/core/error.h"
#include "models/sampler/schedule.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// Published few-step checkpoints, whose files need not say what they are.
constexpr std::array<std::string_view, 2> kFewStepNames{"Cosmos3-Super-Text2Image-4Step",
                                                        "Cosmos3-Super-Image2Video-4Step"};

// As a folder of its own, or as a download cache calls it: models--OWNER--NAME/snapshots/REVISION.
bool is_called(const fs::path& folder, std::string_view name) {
  const fs::path last = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  return last == fs::path(name) || std::any_of(folder.begin(), folder.end(), [&](const fs::path& part) {
           return part.string().ends_with("--" + std::string(name));
         });
}

void refuse_few_step_names(const fs::path& checkpoint) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(checkpoint, ignored);
  for (const std::string_view name : kFewStepNames) {
    require_input(!is_called(checkpoint, name) && !is_called(real, name),
                  checkpoint.string() + ": " + std::string(name) + ": " + few_step_refusal());
  }
}

bool says_distilled(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find("Distilled") != std::string::npos;
}

void refuse_few_steps(const ConfigReader& reader) {
  for (const char* key : {"is_distilled", "distilled_sigmas"}) {
    reader.require_consistent(!reader.gives(key) || reader.at(key) == false,
                              std::string(key) + ": " + few_step_refusal());
  }
  for (const char* key : {"_class_name", "_blocks_class_name"}) {
    reader.require_consistent(!reader.gives(key) || !says_distilled(reader.at(key)),
                              std::string(key) + ": " + few_step_refusal());
  }
}

void require_known_pipeline(const ConfigReader& reader) {
  if (!reader.gives("_class_name")) return;
  const Json& name = reader.at("_class_name");
  if (!name.is_string() || !name.get_ref<const std::string&>().starts_with("Cosmos3Omni")) {
    reader.refuse("_class_name", name, "a Cosmos3Omni pipeline (nothing else is implemented)");
  }
}

// A part of the pipeline is [LIBRARY, CLASS], or [null, null] where it is left out.
void require_part(const ConfigReader& reader, const std::string& key, const std::string& wanted) {
  if (!reader.gives(key)) return;
  const Json& part = reader.at(key);
  const bool ok = part.is_array() && part.size() >= 2 && (part[1].is_null() || part[1] == wanted);
  if (!ok) reader.refuse(key, part, "[LIBRARY, \"" + wanted + "\"] (nothing else is implemented)");
}

void require_known_parts(const ConfigReader& reader) {
  require_part(reader, "transformer", "Cosmos3OmniTransformer");
  require_part(reader, "vae", "AutoencoderKLWan");
  require_part(reader, "scheduler", "UniPCMultistepScheduler");
  require_part(reader, "sound_tokenizer", "Cosmos3AVAEAudioTokenizer");
  reader.require_nothing_else({
      "text_tokenizer", "tokenizer",  // its files say what it is
      "vision_encoder", "vision_tokenizer", "image_processor", "video_processor", "feature_extractor",
      "processor",                                             // they read pictures to answer questions
      "safety_checker", "enable_safety_checker", "guardrail",  // clips are not judged here
      "action_tokenizer",                                      // no actions are made
  });
}

PipelineIndex read_model_index(const fs::path& file) {
  const ConfigReader reader(file);
  refuse_few_steps(reader);
  require_known_pipeline(reader);
  PipelineIndex index;
  index.native_schedule = reader.flag_or("use_native_flow_schedule", false);
  if (reader.flag_or("default_use_system_prompt", false)) {
    index.notes.push_back(file.string() +
                          ": default_use_system_prompt is true: clips are made without a system prompt, as NVIDIA's "
                          "own code makes them");
  }
  require_known_parts(reader);
  return index;
}

}  // namespace

PipelineIndex read_pipeline_index(const fs::path& checkpoint) {
  refuse_few_step_names(checkpoint);
  const fs::path modular = checkpoint / "modular_model_index.json";
  if (fs::exists(modular)) refuse_few_steps(ConfigReader(modular));
  const fs::path plain = checkpoint / "model_index.json";
  return fs::exists(plain) ? read_model_index(plain) : PipelineIndex{};
}

}  // namespace orrery
