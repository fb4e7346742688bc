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

// The expected number of passes through the transformer in each step of a clip, one for each guidance branch: none when
// a step cache skips the layers, one outside the guidance interval. Estimated from the request only
// (expected_computed()); exact without a step cache.
std::vector<int> expected_passes(const Request& request, const ScheduleRule& schedule);

// Memory that one clip needs on a device besides the weights.

// The properties of a run on which the memory of its clips depends.
struct ModelSizes {
  Cosmos3Config transformer;
  WanConfig vae;
  std::optional<SoundConfig> sound;
  ModelLayout layout;
  VaeSplit vae_split = VaeSplit::Exact;
};

// Bytes of GPU memory that a clip needs besides the weights.
struct ClipMemory {
  std::int64_t step = 0;   // on every rank: denoising, or encoding of given frames if larger
  std::int64_t media = 0;  // on the ranks that decode
};

// The peak over the clip's tensors, without a margin.
ClipMemory clip_tensors(const ModelSizes& sizes, const Request& request, const PromptIds& ids);

// The peak over the clip's tensors, with a margin for libraries' workspaces and for fragmentation.
ClipMemory clip_memory(const ModelSizes& sizes, const Request& request, const PromptIds& ids);

// Checks before a clip's first step that it fits the ranks' GPUs, since a rank that ran out of memory in a step would
// leave the other ranks waiting for it. Throws RequestFailed on all ranks when one of them lacks memory; the message
// has the bytes needed and free. Always passes on a CPU. Collective over `world`.
void require_memory(const Comm& world, at::Device device, const Request& request, const ClipMemory& needed,
                    bool decodes);

// The message with which require_memory() fails: the larger need, and `free` bytes.
std::string memory_problem(const Request& request, const ClipMemory& needed, bool decodes, std::int64_t free);

}  // namespace orrery
