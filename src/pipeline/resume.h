#pragma once

#include <filesystem>
#include <string>

#include "base/parallel/comm.h"
#include "pipeline/denoise.h"

namespace orrery {

// Where a stopped clip goes on. Tensors are on the device.
struct ResumedClip {
  DenoiseState state;
  Streams<Condition> conditions;
  std::string inputs;  // what its files held, as the snapshot records it; on rank 0
  std::string model;   // what the snapshot says of the model, on rank 0
};

// Reads a snapshot on rank 0 and gives its content to all ranks, whatever the grid that it was taken on. `request`,
// `shape`: of the clip. Throws RequestFailed on every rank when the file cannot be used. Collective.
ResumedClip share_snapshot(const Comm& world, const std::filesystem::path& path, const Request& request,
                           const MediaShape& shape, at::Device device);

}  // namespace orrery
