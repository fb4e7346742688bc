#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "models/audio/decoder.h"
#include "models/wan/decoder.h"
#include "models/wan/encoder.h"
#include "models/zoo/checkpoint_files.h"

namespace orrery {

// A rank's decoders: the video decoder on ranks that decode, the sound decoder on rank 0 if the clip has sound;
// otherwise null.
struct MediaDecoders {
  const WanDecoder* video = nullptr;
  const SoundDecoder* sound = nullptr;
};

// Which models other than the transformer are wanted.
struct MediaModelSet {
  bool decoder = false;
  bool encoder = false;
  bool sound = false;
};

// Bytes of the wanted models' weights. Reads no weights.
std::int64_t media_model_bytes(const CheckpointFiles& checkpoint, at::ScalarType dtype, const MediaModelSet& wanted);

// The wanted models, each loaded completely onto one device.
class MediaModels {
 public:
  // Throws InputError when a tensor is missing or has a wrong shape.
  MediaModels(const CheckpointFiles& checkpoint, const MediaModelSet& wanted, at::Device device, at::ScalarType dtype);

  // Null for a model that is not wanted. Valid until the object is moved or destroyed.
  MediaDecoders decoders() const { return {decoder_ ? &*decoder_ : nullptr, sound_ ? &*sound_ : nullptr}; }
  const WanEncoder* encoder() const { return encoder_ ? &*encoder_ : nullptr; }

 private:
  std::optional<WanDecoder> decoder_;
  std::optional<WanEncoder> encoder_;
  std::optional<SoundDecoder> sound_;
};

}  // namespace orrery
