#include "support/test_device.h"

namespace orrery {

at::Device test_device() { return at::kCPU; }

}  // namespace orrery
