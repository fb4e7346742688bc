#pragma once

#include <string>

#include "base/parallel/comm.h"
#include "pipeline/clip_memory.h"

namespace orrery {

// Whether a clip fits this rank's GPU, asked before its first step, since a rank that runs out of memory inside one
// leaves the others waiting for it. Throws RequestFailed on all ranks alike when one of them lacks the memory, with
// what is needed and what there is. On a CPU everything fits. Collective over `world`.
void require_memory(const Comm& world, at::Device device, const Request& request, const ClipMemory& needed,
                    bool decodes);

// The words of that failure: the larger need, and the `free` bytes.
std::string memory_problem(const Request& request, const ClipMemory& needed, bool decodes, std::int64_t free);

}  // namespace orrery
