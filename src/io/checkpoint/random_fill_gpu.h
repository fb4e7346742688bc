#pragma once

#include <c10/util/BFloat16.h>

#include "io/checkpoint/random_value.h"

namespace orrery {

// Fills `count` elements at `out`, which lies on GPU `device`, by a kernel on that GPU's current stream. Throws Error
// when the launch fails, and in a program built without CUDA.
void fill_random_gpu(float* out, std::int64_t count, int device, const RandomRule& rule, const PieceOrder& order);
void fill_random_gpu(c10::BFloat16* out, std::int64_t count, int device, const RandomRule& rule,
                     const PieceOrder& order);

}  // namespace orrery
