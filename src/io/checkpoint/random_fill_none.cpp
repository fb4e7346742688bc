#include "io/checkpoint/random_fill_gpu.h"
#include "base/core/error.h"

namespace orrery {
namespace {

constexpr const char* kNoCuda = "this program was built without CUDA";

}  // namespace

void fill_random_gpu(float*, std::int64_t, int, const RandomRule&, const PieceOrder&) { throw Error(kNoCuda); }
void fill_random_gpu(c10::BFloat16*, std::int64_t, int, const RandomRule&, const PieceOrder&) { throw Error(kNoCuda); }

}  // namespace orrery
