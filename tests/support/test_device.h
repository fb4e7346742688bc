#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Where this program's checks compute: cpu_device.cpp or gpu_device.cpp, whichever it is linked with. On GPUs each rank
// has its own; without one, every test that asks fails. The first call is collective.
at::Device test_device();

}  // namespace orrery
