#pragma once

#include <ATen/ATen.h>

#include "base/core/choice.h"
#include "base/parallel/comm.h"

namespace orrery {

enum class DeviceKind { Auto, Cpu, Cuda };

constexpr auto choices(DeviceKind) {
  return std::array{Choice<DeviceKind>{"auto", DeviceKind::Auto}, Choice<DeviceKind>{"cpu", DeviceKind::Cpu},
                    Choice<DeviceKind>{"cuda", DeviceKind::Cuda}};
}

// Where this rank computes, and makes it the current device: its own GPU, or the CPU. Auto takes the CPU unless every
// rank of the job can have a GPU of its own. Cuda throws InputError on all ranks alike when one cannot. With
// ORRERY_SHARE_GPUS=1 in the environment rank i of a node takes GPU i modulo their number where there are too few, and
// rank 0 warns; see shared_gpus.h. Collective.
at::Device choose_device(DeviceKind kind, const Comm& world);

// Gives this rank's tensor operations its share of the node's cores, at least one thread: the cores it may run on, each
// divided by the number of ranks that may run there. OMP_NUM_THREADS, where it is set, is a ceiling. Early: before the
// first tensor operation. Collective.
void set_threads(const Comm& world);

// While it lives, this rank's tensor operations use every core that it may run on: for work of one rank during which
// the others sleep. It also makes that work independent of the number of ranks, bit for bit.
class AllCores {
 public:
  AllCores();
  AllCores(const AllCores&) = delete;
  AllCores& operator=(const AllCores&) = delete;
  ~AllCores();

 private:
  int before_;
};

}  // namespace orrery
