#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/audio/config.h"
#include "io/checkpoint/weights.h"
#include "models/cosmos3/config.h"
#include "pipeline/request.h"
#include "pipeline/texts.h"
#include "pipeline/vae_split.h"
#include "models/wan/config.h"

// What a clip takes of a device's memory beside the weights, by arithmetic on the sizes: bytes on one rank. It follows
// the tensors that live at the worst moment; libraries' workspaces are not in it.
namespace orrery {

// How the transformer is spread, and what it computes in.
struct ModelLayout {
  std::int64_t cfg = 1;
  std::int64_t tp = 1;
  std::int64_t element_bytes = 2;
};

// The keys and values of a text of `tokens` tokens.
std::int64_t text_cache_bytes(const Cosmos3Config& config, std::int64_t tokens, const ModelLayout& layout);

// A denoise step of `tokens` video and sound tokens, with the texts' keys and values: `text_tokens` of the longest text
// and `branches` of them on this rank.
std::int64_t step_bytes(const Cosmos3Config& config, std::int64_t tokens, std::int64_t text_tokens,
                        std::int64_t branches, const ModelLayout& layout);

// The decoding of a video latent, or a rank's part of it, of height × width cells, of any length, in elements of
// `element_bytes`.
std::int64_t decode_bytes(const WanConfig& config, std::int64_t height, std::int64_t width, std::int64_t element_bytes);

// The encoding of frames of height × width latent cells, of any number, in elements of `element_bytes`.
std::int64_t encode_bytes(const WanConfig& config, std::int64_t height, std::int64_t width, std::int64_t element_bytes);

// The decoding of `steps` sound latent steps, in float32.
std::int64_t sound_bytes(const SoundConfig& config, std::int64_t steps);

// What sizes a clip's memory.
struct ModelSizes {
  Cosmos3Config transformer;
  WanConfig vae;
  std::optional<SoundConfig> sound;
  ModelLayout layout;
  VaeSplit vae_split = VaeSplit::Exact;
};

struct ClipMemory {
  std::int64_t step = 0;   // on every rank; or making the given frames from pixels, where that takes more
  std::int64_t media = 0;  // on the ranks that decode
};

// What tensors hold at most.
ClipMemory clip_tensors(const ModelSizes& sizes, const Request& request, const PromptIds& ids);

// With room for the libraries' workspaces and for what the allocator loses between tensors.
ClipMemory clip_memory(const ModelSizes& sizes, const Request& request, const PromptIds& ids);

// "23.1 GB", of 10⁹ bytes.
std::string gigabytes(std::int64_t bytes);

}  // namespace orrery
