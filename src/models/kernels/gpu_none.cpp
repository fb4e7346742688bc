#include "base/core/error.h"
#include "base/device/gpu.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/pixel_launch.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

void launch(const AddRmsNormLaunch&, int) { throw Error(kNoCuda); }
void launch(const HeadNormRopeLaunch&, int) { throw Error(kNoCuda); }
void launch(const ShareHeadsLaunch&, int) { throw Error(kNoCuda); }
void launch(const JoinAttentionLaunch&, int) { throw Error(kNoCuda); }
void launch(const ValueCentreLaunch&, int) { throw Error(kNoCuda); }
void launch(const Float8ValuesLaunch&, int) { throw Error(kNoCuda); }
void launch(const AddHeadMeanLaunch&, int) { throw Error(kNoCuda); }
void launch(const ActivationLaunch&, int) { throw Error(kNoCuda); }
void launch(const PatchifyLaunch&, int) { throw Error(kNoCuda); }
void launch(const UnpatchifyLaunch&, int) { throw Error(kNoCuda); }
void launch(const SamplerStepLaunch&, int) { throw Error(kNoCuda); }
void launch(const Float8Launch&, int) { throw Error(kNoCuda); }
void gpu_product(at::Tensor&, const ScaledRows&, const ScaledRows&) { throw Error(kNoCuda); }

void launch(const ChannelNormSiluLaunch&, int) { throw Error(kNoCuda); }
void launch(const BiasedSumLaunch&, int) { throw Error(kNoCuda); }
void launch(const RepeatedSumLaunch&, int) { throw Error(kNoCuda); }
void launch(const NarrowConvLaunch&, int) { throw Error(kNoCuda); }
bool runs_narrow_conv(int) { return false; }

}  // namespace orrery
