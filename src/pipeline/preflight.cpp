#include "pipeline/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/numbers.h"
#include "base/device/device_memory.h"
#include "pipeline/root_work.h"

namespace orrery {

std::string memory_problem(const Request& request, const ClipMemory& needed, bool decodes, std::int64_t free) {
  const bool media = decodes && needed.media > needed.step;
  return fmt::format("needs about {} of GPU memory to {} {}x{}, {} frames, {} are free after the weights: {}",
                     gigabytes(media ? needed.media : needed.step), media ? "decode" : "denoise", request.width,
                     request.height, request.num_frames, gigabytes(free), memory_advice());
}

void require_memory(const Comm& world, at::Device device, const Request& request, const ClipMemory& needed,
                    bool decodes) {
  const std::int64_t bytes = decodes ? std::max(needed.step, needed.media) : needed.step;
  std::string problem;
  if (!can_allocate(device, bytes)) problem = memory_problem(request, needed, decodes, free_memory(device).value_or(0));
  problem = world.first_problem(problem);
  if (!problem.empty()) throw RequestFailed(problem);
}

}  // namespace orrery
