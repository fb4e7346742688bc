#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "app/validate.h"
#include "audio/config.h"
#include "checkpoint/sharded_checkpoint.h"
#include "core/json.h"
#include "cosmos3/config.h"
#include "wan/config.h"

namespace orrery {

// A checkpoint folder, opened: configs parsed and every tensor's name, shape and place known, no weight read.
struct CheckpointFiles {
  std::filesystem::path folder;
  Cosmos3Config transformer_config;
  WanConfig vae_config;
  std::shared_ptr<ShardedCheckpoint> transformer;
  std::shared_ptr<ShardedCheckpoint> vae;
  std::optional<SoundConfig> sound_config;
  std::shared_ptr<ShardedCheckpoint> sound;  // null: the checkpoint has no sound decoder
  bool karras_by_default = false;  // scheduler_config.json's use_karras_sigmas; false when there is no such file

  std::filesystem::path tokenizer_folder() const { return folder / "text_tokenizer"; }
  bool has_sound() const { return transformer_config.sound_gen && sound != nullptr; }
  // The folder's name, which is how people call a checkpoint.
  std::string name() const;
  // Name, fingerprint and sizes: for latent files and run.json.
  Json description() const;
};

// Throws InputError that names the file and what is wrong with it.
CheckpointFiles open_checkpoint(const std::filesystem::path& folder);

// Builds the whole model as a tp group of `tp` ranks would, without reading a weight: every tensor that is missing, has
// another shape or dtype, or would never be read is an InputError.
void audit_checkpoint(const CheckpointFiles& files, int tp);

// Both, as `orrery validate` wants them.
CheckpointSummary audit_folder(const std::filesystem::path& folder, GridShape grid);

}  // namespace orrery
