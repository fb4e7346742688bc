#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "base/core/error.h"
#include "base/parallel/comm.h"

namespace orrery {

// One request cannot be done, and every rank knows it; the others go on.
class RequestFailed : public Error {
 public:
  using Error::Error;
};

// Runs `work` on rank 0, with all of its cores, while the others sleep. When it throws, every rank throws RequestFailed
// with its message. Collective.
void on_root(const Comm& world, const std::function<void()>& work);

// Rank 0's tensor on every rank: float32, on the CPU, of 1 to 8 dimensions. Other ranks' tensors are ignored.
// Collective.
at::Tensor share_from_root(const Comm& world, const at::Tensor& tensor);

}  // namespace orrery
