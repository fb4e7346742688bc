#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "models/zoo/checkpoint_files.h"
#include "app/cli/options.h"
#include "app/commands/run_plan.h"
#include "models/audio/decoder.h"
#include "pipeline/clip_media.h"
#include "models/wan/decoder.h"
#include "models/wan/encoder.h"

namespace orrery {

// Models beside the transformer.
struct MediaModelSet {
  bool decoder = false;
  bool encoder = false;
  bool sound = false;
};

// What a rank needs of them: only what some job of `plan` that is not refused asks for.
MediaModelSet media_models_for(const RunPlan& plan, const Options& options, bool is_root);

// Bytes of their weights. Reads none.
std::int64_t media_model_bytes(const CheckpointFiles& checkpoint, at::ScalarType dtype, const MediaModelSet& wanted);

// Those that are wanted, loaded whole onto one device.
class MediaModels {
 public:
  // Throws InputError when a tensor is missing or has another shape.
  MediaModels(const CheckpointFiles& checkpoint, const MediaModelSet& wanted, at::Device device, at::ScalarType dtype);

  // Null where there is none. They live as long as the object stays where it is.
  MediaDecoders decoders() const { return {decoder_ ? &*decoder_ : nullptr, sound_ ? &*sound_ : nullptr}; }
  const WanEncoder* encoder() const { return encoder_ ? &*encoder_ : nullptr; }

 private:
  std::optional<WanDecoder> decoder_;
  std::optional<WanEncoder> encoder_;
  std::optional<SoundDecoder> sound_;
};

}  // namespace orrery
