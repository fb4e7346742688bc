#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/choice.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/attention.h"

namespace orrery {

// A rate as a function of the sequence length: given at some lengths, interpolated linearly in the logarithm of the
// length between them, constant below the shortest and above the longest.
class RateCurve {
 public:
  struct Point {
    double tokens = 0;
    double rate = 0;  // per second
  };

  RateCurve() = default;
  // The points may have any order. Each length may occur only once.
  explicit RateCurve(std::vector<Point> points);

  bool empty() const { return points_.empty(); }
  // The rate at `tokens`. The curve must not be empty.
  double at(double tokens) const;
  // The curve with all rates multiplied by `factor`.
  RateCurve times(double factor) const;

 private:
  std::vector<Point> points_;  // in increasing order of tokens
};

// Rates that are measured within a step. They are below the peak rates of the device.
struct StepRates {
  RateCurve attention;  // FLOP/s
  RateCurve products;   // FLOP/s
  RateCurve memory;     // bytes/s, reads plus writes, in all other phases including their launch delays
};

// The rates of a GPU and its links, as measured by `orrery bench`.
struct MachineProfile {
  std::string device;                                // the GPU's product name
  AttentionKernel attention = AttentionKernel::Fa3;  // the kernel with which steps were measured
  StepRates plain;                                   // with --gemm bf16
  StepRates float8;                                  // with --gemm fp8; empty: not measured
  RateCurve float8_attention;                        // with --attention fp8; empty: not measured
  double link = 0;                                   // sent by one rank in an all-reduce [bytes/s]
  double exchange = 0;                               // sent by one rank in a step's all-to-alls [bytes/s]
  double waited_for = 1;                             // time that a step waits for an all-reduce / its time alone
  double decoded_pixels = 0;                         // in all frames, by one GPU [1/s]
  double sound_steps = 0;                            // decoded sound latent steps [1/s]
  double saved_bytes = 38e6;                         // latents compressed by one core [bytes/s]

  // The rates with these formats of --gemm and --attention. Curves that were not measured are empty.
  StepRates rates(RowFormat products, RowFormat attention_format) const {
    StepRates rates = products == RowFormat::Plain ? plain : float8;
    if (attention_format == RowFormat::Float8) rates.attention = float8_attention;
    return rates;
  }
};

// The GPUs whose rates are built in.
enum class GpuKind { H100, H200 };

constexpr auto choices(GpuKind) {
  return std::array{Choice<GpuKind>{"h100", GpuKind::H100}, Choice<GpuKind>{"h200", GpuKind::H200}};
}

// The rates that this program measured on an H200, with attention by Fa3 or Cudnn. Those of an H100 are the H200's,
// scaled by the ratios in tools/results/ of layers and decoding, and by the ratio of specified memory bandwidths.
MachineProfile builtin_profile(GpuKind gpu, AttentionKernel attention = AttentionKernel::Fa3);

// The memory that a process on such a GPU can use for tensors [bytes].
std::int64_t builtin_memory(GpuKind gpu);

// The rates in a file of lines of `orrery bench --json`. All lines must be of one device. They may come from several
// runs with different sizes, topologies, --gemm, --attention and --attention-kernel.
struct MeasuredProfile {
  MachineProfile machine;             // with the attention kernel of `otherwise` if steps were measured with it
  std::vector<std::string> borrowed;  // names of rates that the lines lack and that are taken from `otherwise`
};

// Reads such a file. Throws InputError with the file and the line when it is not such a file or has lines of several
// devices, and with the file when it has no step with --gemm bf16.
MeasuredProfile read_profile(const std::filesystem::path& file, const MachineProfile& otherwise);

// The machine that a plan is made for.
struct PlanOptions {
  int gpus = 0;  // compare all grids with up to so many GPUs; 0: only the run's own grid
  GpuKind gpu = GpuKind::H200;
  double gpu_memory = 0;          // [10^9 bytes]; 0: builtin_memory()
  std::filesystem::path profile;  // lines of `orrery bench --json`; empty: built-in rates
};

}  // namespace orrery
