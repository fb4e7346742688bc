#include "app/commands/run_context.h"

#include "app/cli/slurm.h"
#include "app/commands/require_products.h"
#include "base/parallel/device.h"

namespace orrery {
namespace {

at::Device device_of(const Options& options, const Comm& world) {
  set_threads(world);
  const at::Device device = choose_device(options.device, world);
  require_products(options.model.products, device);
  return device;
}

}  // namespace

RunContext::RunContext(const Options& run_options, const Comm& run_world)
    : options(run_options),
      world(run_world),
      grid(world, options.grid),
      stop(world, stop_limits(options)),
      log(options.log_level(), world.shard().rank),
      device(device_of(options, world)) {}

}  // namespace orrery
