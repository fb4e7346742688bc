#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "base/core/error.h"
#include "base/parallel/comm.h"

namespace orrery {

// One request has failed, and every rank throws this; the run continues with the next request.
class RequestFailed : public Error {
 public:
  using Error::Error;
};

// Runs `work` on rank 0, with all of its cores, while the other ranks sleep. When it throws, every rank throws
// RequestFailed with its message. Collective.
void on_root(const Comm& world, const std::function<void()>& work);

// Returns rank 0's tensor on every rank: float32, on the CPU, 1 to 8 dimensions. Other ranks' tensors are ignored.
// Collective.
at::Tensor share_from_root(const Comm& world, const at::Tensor& tensor);

}  // namespace orrery
