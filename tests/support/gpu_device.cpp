#include "base/parallel/device.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {

at::Device test_device() {
  static const at::Device kDevice = choose_device(DeviceKind::Cuda, mpi_world());
  return kDevice;
}

}  // namespace orrery
