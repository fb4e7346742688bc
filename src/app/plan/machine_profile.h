#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/choice.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/attention.h"

namespace orrery {

// A rate that depends on the length of a sequence: given at some lengths, linear in the length's logarithm between
// them, constant beyond the shortest and the longest.
class RateCurve {
 public:
  struct Point {
    double tokens = 0;
    double rate = 0;  // a second
  };

  RateCurve() = default;
  // Points in any order, each length once.
  explicit RateCurve(std::vector<Point> points);

  bool empty() const { return points_.empty(); }
  // The rate at `tokens`, of a curve that is not empty.
  double at(double tokens) const;
  // Every rate times `factor`.
  RateCurve times(double factor) const;

 private:
  std::vector<Point> points_;  // the shortest first
};

// The rates that the parts of a step reach within a step, which are below what the device could do at best.
struct StepRates {
  RateCurve attention;  // floating-point operations a second
  RateCurve products;   // floating-point operations a second
  RateCurve memory;     // bytes read and written a second in all other phases, with their delays
};

// What a GPU and its links do, as orrery bench measures it.
struct MachineProfile {
  std::string device;                                // as its maker calls it
  AttentionKernel attention = AttentionKernel::Fa3;  // whose rates these are
  StepRates plain;                                   // with --gemm bf16
  StepRates float8;                                  // with --gemm fp8; empty: not measured
  RateCurve float8_attention;                        // with --attention fp8; empty: not measured
  double link = 0;                                   // bytes a second that a rank sends in a sum over ranks
  double exchange = 0;                               // bytes a second that a rank sends in an all-to-all of a step
  double waited_for = 1;                             // share of a sum's time alone by which a step takes longer
  double decoded_pixels = 0;                         // a second, of all frames, by one GPU
  double sound_steps = 0;                            // latent steps a second
  double saved_bytes = 38e6;                         // of latents a second, compressed by one core

  // With these formats of --gemm and --attention. Curves that were not measured are empty.
  StepRates rates(RowFormat products, RowFormat attention_format) const {
    StepRates rates = products == RowFormat::Plain ? plain : float8;
    if (attention_format == RowFormat::Float8) rates.attention = float8_attention;
    return rates;
  }
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

// A machine as lines of `orrery bench --json` describe it. They are all of one device, and may come from several runs,
// with other sizes, topologies, --gemm, --attention and --attention-kernel.
struct MeasuredProfile {
  MachineProfile machine;             // of the steps with the kernel of `otherwise`, if there are any
  std::vector<std::string> borrowed;  // what the lines do not tell, in words, taken from `otherwise`
};

// Reads such a file. Throws InputError that names the file and the line when it is something else, has lines of several
// devices, or has no step with --gemm bf16.
MeasuredProfile read_profile(const std::filesystem::path& file, const MachineProfile& otherwise);

// The machine that a plan is made for.
struct PlanOptions {
  int gpus = 0;  // every way to use up to so many; 0: the run's own grid
  GpuKind gpu = GpuKind::H200;
  double gpu_memory = 0;          // 10^9 bytes; 0: what such a GPU has
  std::filesystem::path profile;  // lines of bench; empty: built-in figures
};

}  // namespace orrery
