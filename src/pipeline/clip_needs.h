#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel/comm.h"
#include "models/cosmos3/config.h"
#include "models/cosmos3/media.h"
#include "models/cost/memory.h"
#include "models/sampler/schedule.h"
#include "pipeline/media_settings.h"
#include "pipeline/request.h"
#include "pipeline/towers.h"

namespace orrery {

// The shape of a request's latents.
MediaShape media_shape(const Request& request, const Cosmos3Config& config);

// How many passes of the transformer each step of a clip probably takes, one a guidance branch: none where a step cache
// leaves the layers out, one outside of the guidance interval. Estimated from the request alone (expected_computed());
// exact without a step cache.
std::vector<int> expected_passes(const Request& request, const ScheduleRule& schedule);

// What one clip takes of a device's memory beside the weights.

// What the memory of every clip of a run depends on.
struct ModelSizes {
  Cosmos3Config transformer;
  WanConfig vae;
  std::optional<SoundConfig> sound;
  ModelLayout layout;
  VaeSplit vae_split = VaeSplit::Exact;
};

struct ClipMemory {
  std::int64_t step = 0;   // on every rank: a denoise step, or encoding the given frames where that takes more
  std::int64_t media = 0;  // on the ranks that decode
};

// Peak of the tensors alone.
ClipMemory clip_tensors(const ModelSizes& sizes, const Request& request, const PromptIds& ids);

// Peak of the tensors, with room for the libraries' workspaces and for what the allocator loses between tensors.
ClipMemory clip_memory(const ModelSizes& sizes, const Request& request, const PromptIds& ids);

// Whether a clip fits this rank's GPU, asked before its first step, since a rank that runs out of memory inside one
// leaves the others waiting for it. Throws RequestFailed on all ranks alike when one of them lacks the memory, with
// what is needed and what there is. On a CPU everything fits. Collective over `world`.
void require_memory(const Comm& world, at::Device device, const Request& request, const ClipMemory& needed,
                    bool decodes);

// The message of require_memory's failure: the larger need, and the `free` bytes.
std::string memory_problem(const Request& request, const ClipMemory& needed, bool decodes, std::int64_t free);

}  // namespace orrery
