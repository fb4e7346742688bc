#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Whether our kernels take `x`: bfloat16 on a GPU, and its first element and every row lie on 16-byte boundaries with
// no gap between neighbours of a row. (rows, width), at least one row.
bool packed_rows(const at::Tensor& x);

}  // namespace orrery
