#pragma once

#include <memory>

#include "base/parallel/collectives.h"
#include "base/parallel/comm.h"

namespace orrery {

// `group`, with windows in host memory that the ranks of `comm` share, as GPUs have them in each other's memory. A
// put() of two rows is worthwhile. begin() throws Error when a tensor of the exchange before is still in use.
// Collective.
std::unique_ptr<Collectives> with_windows(std::unique_ptr<Collectives> group, const Comm& comm);

}  // namespace orrery
