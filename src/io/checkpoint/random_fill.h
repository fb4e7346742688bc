#pragma once

#include <ATen/ATen.h>

#include "io/checkpoint/random_value.h"

namespace orrery {

// Fills `into` where it lies, with the elements that `order` picks of the tensor of `rule`: in float32, or rounded once
// to another floating dtype. On CUDA the work is queued on the current stream. A meta tensor is left alone.
void fill_random(at::Tensor into, const RandomRule& rule, const PieceOrder& order);

}  // namespace orrery
