#pragma once

#include <cstdint>
#include <string>

#include "app/plan/rate_curve.h"
#include "base/core/choice.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/attention.h"

namespace orrery {

// How fast a step's parts go when a step goes through them: not what the device could do at best.
struct StepRates {
  RateCurve attention;  // floating-point operations a second
  RateCurve products;   // floating-point operations a second
  RateCurve memory;     // bytes read and written a second in all other phases, with their delays
};

// What a GPU and its links do, as orrery bench measures it (profile_file.h).
struct MachineProfile {
  std::string device;                                // as its maker calls it
  AttentionKernel attention = AttentionKernel::Fa3;  // whose rates these are
  StepRates plain;                                   // with --gemm bf16
  StepRates float8;                                  // with --gemm fp8; empty: not measured
  double link = 0;                                   // bytes a second that a rank sends in a sum over ranks
  double waited_for = 1;                             // share of a sum's time alone by which a step takes longer
  double decoded_pixels = 0;                         // a second, of all frames, by one GPU
  double sound_steps = 0;                            // latent steps a second
  double saved_bytes = 38e6;                         // of latents a second, compressed by one core

  const StepRates& rates(RowFormat products) const { return products == RowFormat::Plain ? plain : float8; }
};

// The GPUs whose figures are built in.
enum class GpuKind { H100, H200 };

constexpr auto choices(GpuKind) {
  return std::array{Choice<GpuKind>{"h100", GpuKind::H100}, Choice<GpuKind>{"h200", GpuKind::H200}};
}

// Measured by this program on an H200, with attention by Fa3 or Cudnn; an H100's are these, times what layers, copies
// and decodes took there beside an H200 (tools/results/).
MachineProfile builtin_profile(GpuKind gpu, AttentionKernel attention = AttentionKernel::Fa3);

// Bytes of memory that a process on such a GPU can have for tensors.
std::int64_t builtin_memory(GpuKind gpu);

}  // namespace orrery
