#pragma once

#include <c10/core/Device.h>

#include "base/parallel/comm.h"

namespace orrery {

// Several ranks on one GPU: for checking on a host with too few GPUs what more ranks compute, never for speed. The
// environment variable ORRERY_SHARE_GPUS=1, on every rank, allows it.
bool may_share_gpus();

// How many ranks of `comm` compute on this rank's GPU, itself included; 1 on a CPU. Collective: no rank leaves before
// all have come.
int ranks_on_gpu(const Comm& comm, c10::Device device);

// Whether any two ranks of `comm` compute on one GPU: the same on every rank. Collective.
bool gpus_are_shared(const Comm& comm, c10::Device device);

}  // namespace orrery
