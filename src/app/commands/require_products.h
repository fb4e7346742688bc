#pragma once

#include <ATen/ATen.h>

#include "base/core/error.h"
#include "base/device/gpu.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// Throws InputError when `device` cannot multiply in the format of --gemm.
inline void require_products(RowFormat products, at::Device device) {
  if (products == RowFormat::Plain || device.is_cpu()) return;
  require_input(multiplies_float8(device.index()), "--gemm fp8: " + gpu_name(device.index()) +
                                                       " has no products in 8 bits with a factor a row (NVIDIA Hopper "
                                                       "and later have them): leave the option out");
}

}  // namespace orrery
