#include "parallel/device.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {

at::Device test_device() { return choose_device(DeviceKind::Cuda, mpi_world()); }

}  // namespace orrery
