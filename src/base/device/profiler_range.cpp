#include "base/device/profiler_range.h"

#include <nvtx3/nvToolsExt.h>

namespace orrery {

void begin_profiler_range(const char* name) noexcept { nvtxRangePushA(name); }

void end_profiler_range() noexcept { nvtxRangePop(); }

}  // namespace orrery
