#pragma once

#include <cstdint>
#include <optional>

#include "models/cost/memory.h"
#include "pipeline/request.h"
#include "pipeline/texts.h"
#include "pipeline/vae_split.h"

// What one clip takes of a device's memory beside the weights.
namespace orrery {

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

}  // namespace orrery
