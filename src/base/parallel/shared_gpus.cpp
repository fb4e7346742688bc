#include "base/parallel/shared_gpus.h"

#include <cstdlib>
#include <string_view>

#include "base/device/gpu.h"

namespace orrery {

bool may_share_gpus() {
  const char* const wish = std::getenv("ORRERY_SHARE_GPUS");
  return wish != nullptr && std::string_view(wish) == "1";
}

int ranks_on_gpu(const Comm& comm, c10::Device device) {
  return device.is_cuda() ? comm.ranks_with(gpu_uuid(device.index())) : 1;
}

bool gpus_are_shared(const Comm& comm, c10::Device device) { return comm.max(ranks_on_gpu(comm, device)) > 1; }

}  // namespace orrery
