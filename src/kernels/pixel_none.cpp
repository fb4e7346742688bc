#include "core/error.h"
#include "kernels/pixel_launch.h"

namespace orrery {
namespace {

constexpr const char* kNoCuda = "this program was built without CUDA";

}  // namespace

void launch(const ChannelNormSiluLaunch&, int) { throw Error(kNoCuda); }
void launch(const BiasedSumLaunch&, int) { throw Error(kNoCuda); }
void launch(const RepeatedSumLaunch&, int) { throw Error(kNoCuda); }

}  // namespace orrery
