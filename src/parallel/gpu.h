#pragma once

#include <string>

namespace orrery {

// The GPUs that this process can see; `problem` says why there are none.
struct GpuCount {
  int count = 0;
  std::string problem;
};

GpuCount count_gpus();
// Tells GPUs (and MIG slices) of one node apart whatever number a process gives them. Throws Error.
std::string gpu_uuid(int index);
// Makes it the current device of this thread. Throws Error.
void use_gpu(int index);

}  // namespace orrery
