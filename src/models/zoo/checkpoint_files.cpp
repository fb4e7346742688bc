#include "models/zoo/checkpoint_files.h"

#include <fmt/format.h>

#include <string>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/numbers.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/audio/decoder.h"
#include "models/cosmos3/transformer.h"
#include "models/sampler/schedule.h"
#include "models/wan/decoder.h"
#include "models/wan/encoder.h"
#include "models/zoo/other_variants.h"
#include "models/zoo/pipeline_index.h"
#include "models/zoo/random_models.h"

namespace orrery {
namespace {

std::string few_step_note(const CheckpointFiles& files) {
  return fmt::format(
      "{} is a few-step (distilled) checkpoint: every clip takes its {} with one branch each, and steps, "
      "guidance_scale, flow_shift and negative prompts count for nothing",
      files.name(), count_text(std::ssize(files.fixed_levels), "step"));
}

// Reads the schedule that the checkpoint's own files ask for.
void read_own_schedule(CheckpointFiles& files, const PipelineIndex& index) {
  files.fixed_levels = few_step_levels(files.folder);
  if (files.has_few_steps()) return;
  const std::filesystem::path file = files.folder / "scheduler" / "scheduler_config.json";
  if (!is_there(file)) return;
  const SchedulerConfig scheduler = read_scheduler_config(file);
  if (index.native_schedule) return;
  files.own_schedule_problem = scheduler.unknown_levels;
  if (scheduler.karras) files.own_schedule = ScheduleKind::Karras;
}

// Opens the sound decoder if there is one.
void open_sound(CheckpointFiles& files) {
  const std::filesystem::path folder = files.folder / "sound_tokenizer";
  if (!is_there(folder)) return;
  files.sound_config = read_sound_config(folder / "config.json");
  files.sound = std::make_shared<ShardedCheckpoint>(folder);
  if (!files.has_sound()) return;
  require_input(files.sound_config->vocoder_input_dim == files.transformer_config.sound_dim,
                files.folder.string() +
                    ": sound_tokenizer/config.json and transformer/config.json disagree on the channels of "
                    "the sound latent: they are not of one model");
  require_input(files.transformer_config.sound_latent_fps == SoundConfig::kStepsPerSecond,
                fmt::format("{}: transformer/config.json: sound_latent_fps must be {}, nothing else is implemented",
                            files.folder.string(), SoundConfig::kStepsPerSecond));
}

CheckpointFiles open_folder(const std::filesystem::path& folder) {
  require_input(
      is_folder(folder),
      folder.string() + ": no such folder; expected one with transformer/, vae/ and text_tokenizer/, or random:NAME");
  refuse_other_variants(folder);
  for (const char* file : {"transformer/config.json", "vae/config.json"}) {
    require_input(is_there(folder / file),
                  (folder / file).string() + ": no such file; expected the published layout: " +
                      "folders transformer/, vae/, text_tokenizer/, scheduler/ and, for sound, sound_tokenizer/");
  }
  CheckpointFiles files;
  files.folder = folder;
  const PipelineIndex index = read_pipeline_index(folder);
  files.notes = index.notes;
  files.transformer_config = read_cosmos3_config(folder / "transformer" / "config.json");
  files.vae_config = read_wan_config(folder / "vae" / "config.json");
  require_input(
      files.vae_config.z_dim == files.transformer_config.latent_channel,
      fmt::format("{}: vae/config.json has z_dim {}, but transformer/config.json has latent_channel {}: they are "
                  "not of one model",
                  folder.string(), files.vae_config.z_dim, files.transformer_config.latent_channel));
  files.transformer = std::make_shared<ShardedCheckpoint>(folder / "transformer");
  refuse_other_tensors(*files.transformer);
  open_sound(files);
  read_own_schedule(files, index);
  files.vae = std::make_shared<ShardedCheckpoint>(folder / "vae");
  return files;
}

}  // namespace

std::string CheckpointFiles::name() const {
  const std::filesystem::path absolute = std::filesystem::absolute(folder).lexically_normal();
  return (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string();
}

std::string CheckpointFiles::place() const {
  return is_random_checkpoint(folder) ? folder.string() : std::filesystem::absolute(folder).string();
}

bool CheckpointFiles::reads_texts() const {
  return is_random_checkpoint(folder) || transformer_config.has_known_texts();
}

Json CheckpointFiles::description() const {
  Json json;
  json["name"] = name();
  json["transformer_fingerprint"] = transformer->fingerprint();
  json["vae_fingerprint"] = vae->fingerprint();
  json["hidden_size"] = transformer_config.hidden_size;
  json["num_hidden_layers"] = transformer_config.num_hidden_layers;
  json["latent_channel"] = transformer_config.latent_channel;
  return json;
}

std::string CheckpointFiles::summary() const {
  const Cosmos3Config& c = transformer_config;
  return fmt::format("{}: hidden {}, {} layers, {} heads ({} kv), latent channels {}, sound {}", name(), c.hidden_size,
                     c.num_hidden_layers, c.num_attention_heads, c.num_key_value_heads, c.latent_channel,
                     has_sound() ? "yes" : "no");
}

CheckpointFiles open_checkpoint(const std::filesystem::path& checkpoint) {
  CheckpointFiles files =
      is_random_checkpoint(checkpoint) ? open_random_checkpoint(checkpoint) : open_folder(checkpoint);
  if (files.has_few_steps()) files.notes.push_back(few_step_note(files));
  return files;
}

void audit_checkpoint(const CheckpointFiles& files, const GridShape& grid) {
  require_divisible(files.transformer_config, grid);
  AuditGroup group(Shard{0, grid.tp});
  const Transformer transformer(Weights(files.transformer, group.shard(), at::kMeta, at::kBFloat16),
                                files.transformer_config, group);
  // Each half of the VAE gets its own Weights, so that the tensors of the other half do not count as unread.
  const auto audit = [](const std::shared_ptr<WeightSource>& source, auto build) {
    const Weights weights(source, Shard{}, at::kMeta, at::kBFloat16);
    build(weights);
    weights.require_all_read();
  };
  audit(files.vae, [&](const Weights& w) { return WanDecoder(w, files.vae_config); });
  audit(files.vae, [&](const Weights& w) { return WanEncoder(w, files.vae_config); });
  if (files.has_sound()) audit(files.sound, [&](const Weights& w) { return SoundDecoder(w, *files.sound_config); });
}

ScheduleRule schedule_of(ScheduleChoice choice, const CheckpointFiles& checkpoint) {
  require_schedule(choice, checkpoint);
  if (checkpoint.has_few_steps()) return ScheduleRule(checkpoint.fixed_levels);
  switch (choice) {
    case ScheduleChoice::Native:
      return ScheduleKind::Native;
    case ScheduleChoice::DoubleShift:
      return ScheduleKind::DoubleShift;
    case ScheduleChoice::Karras:
      return ScheduleKind::Karras;
    default:
      return checkpoint.own_schedule;
  }
}

FullPrecisionSteps full_precision_steps(const ModelOptions& options, const CheckpointFiles& checkpoint) {
  if (!options.in_8_bits()) return {};
  if (options.full_precision_steps) return *options.full_precision_steps;
  return checkpoint.transformer_config.quantization.full_precision_steps.value_or(kFullPrecisionSteps);
}

InputScales input_scales(const ModelOptions& options, const CheckpointFiles& checkpoint) {
  const bool is_static = options.products == RowFormat::Float8 && options.input_scales == InputScales::Static &&
                         checkpoint.transformer != nullptr && checkpoint.transformer->has_input_factors();
  return is_static ? InputScales::Static : InputScales::Dynamic;
}

void require_schedule(ScheduleChoice choice, const CheckpointFiles& checkpoint) {
  const bool own = choice == ScheduleChoice::Native || choice == ScheduleChoice::Auto;
  require_input(own || !checkpoint.has_few_steps(),
                fmt::format("the schedule \"{}\" is none of a few-step (distilled) checkpoint, which has noise levels "
                            "of its own: use native",
                            choice_name(choice)));
  require_input(choice != ScheduleChoice::Auto || checkpoint.own_schedule_problem.empty(),
                checkpoint.own_schedule_problem +
                    ": the schedule \"auto\" takes the noise levels from this file; use native, "
                    "double_shift or karras");
}

}  // namespace orrery
