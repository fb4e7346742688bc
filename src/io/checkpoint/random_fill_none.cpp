#include "base/core/error.h"
#include "base/device/gpu.h"
#include "io/checkpoint/random_value.h"

namespace orrery {
void fill_random_gpu(float*, std::int64_t, int, const RandomRule&, const PieceOrder&) { throw Error(kNoCuda); }
void fill_random_gpu(c10::BFloat16*, std::int64_t, int, const RandomRule&, const PieceOrder&) { throw Error(kNoCuda); }

}  // namespace orrery
