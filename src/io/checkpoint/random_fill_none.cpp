#include "base/core/error.h"
#include "base/device/no_cuda.h"
#include "io/checkpoint/random_fill_gpu.h"

namespace orrery {
void fill_random_gpu(float*, std::int64_t, int, const RandomRule&, const PieceOrder&) { throw Error(kNoCuda); }
void fill_random_gpu(c10::BFloat16*, std::int64_t, int, const RandomRule&, const PieceOrder&) { throw Error(kNoCuda); }

}  // namespace orrery
