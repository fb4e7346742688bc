#pragma once

#include <ATen/ATen.h>

#include "app/cli/options.h"
#include "base/core/log.h"
#include "base/core/stopwatch.h"
#include "base/parallel/comm.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/stop_flag.h"

namespace orrery {

// What a run has on every rank from its first line to its last; its parts refer to it.
struct RunContext {
  // From here on signals ask for a stop, and this process has its share of the cores. Throws InputError when the ranks
  // do not make the grid or the device cannot do what the options ask for. Collective over `world`, which must, like
  // `options`, outlive the object.
  RunContext(const Options& options, const Comm& world);

  const Options& options;
  const Comm& world;
  const ProcessGrid grid;
  StopFlag stop;
  Log log;
  const Stopwatch total;
  const at::Device device;
};

}  // namespace orrery
