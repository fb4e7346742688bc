#pragma once

#include <ATen/ATen.h>
#include <c10/core/Device.h>

#include "base/core/choice.h"
#include "base/parallel/comm.h"

namespace orrery {

// Whether several ranks may use one GPU: the environment variable ORRERY_SHARE_GPUS=1, on every rank, allows it. It is
// slow; its purpose is to check the results of several ranks on a host with fewer GPUs.
bool may_share_gpus();

// How many ranks of `comm` compute on this rank's GPU, itself included; 1 on a CPU. Collective, and a barrier.
int ranks_on_gpu(const Comm& comm, c10::Device device);

// Whether any two ranks of `comm` compute on one GPU; all ranks get the same answer. Collective.
bool gpus_are_shared(const Comm& comm, c10::Device device);

enum class DeviceKind { Auto, Cpu, Cuda };

constexpr auto choices(DeviceKind) {
  return std::array{Choice<DeviceKind>{"auto", DeviceKind::Auto}, Choice<DeviceKind>{"cpu", DeviceKind::Cpu},
                    Choice<DeviceKind>{"cuda", DeviceKind::Cuda}};
}

// Chooses the device on which this rank computes, its own GPU or the CPU, and makes it the current one. Auto takes the
// CPU unless every rank of the job can have a GPU of its own. Cuda throws InputError on all ranks when one of them
// cannot. Where GPUs may be shared (may_share_gpus) and are too few, rank i of a node takes GPU i modulo their number,
// and rank 0 warns. Collective.
at::Device choose_device(DeviceKind kind, const Comm& world);

// Sets the number of threads of this rank's tensor operations to its share of the node's cores, at least one: each core
// that it may run on counts as one divided by the number of ranks that may run on it. OMP_NUM_THREADS, where it is set,
// is an upper limit. Call it before the first tensor operation. Collective.
void set_threads(const Comm& world);

// Lets this rank's tensor operations use every core that the rank may run on, for this object's lifetime: for work of
// one rank while the others sleep. The results then also have the same bits for any number of ranks.
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
