#include "base/core/error.h"
#include "base/device/gpu.h"
#include "models/kernels/pixel_launch.h"

namespace orrery {
void launch(const ChannelNormSiluLaunch&, int) { throw Error(kNoCuda); }
void launch(const BiasedSumLaunch&, int) { throw Error(kNoCuda); }
void launch(const RepeatedSumLaunch&, int) { throw Error(kNoCuda); }
void launch(const NarrowConvLaunch&, int) { throw Error(kNoCuda); }
bool runs_narrow_conv(int) { return false; }

}  // namespace orrery
