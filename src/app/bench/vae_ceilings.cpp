#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "app/bench/parts.h"
#include "models/cost/decoder_work.h"
#include "models/kernels/narrow_conv.h"

namespace orrery {
namespace {

constexpr double kConvSeconds = 0.3;

struct Way {
  const char* name;
  at::MemoryFormat format;
  bool search;  // lets cuDNN try its algorithms first
};

// The first one is the decoder's.
constexpr std::array kWays{Way{"channels last", at::MemoryFormat::ChannelsLast3d, false},
                           Way{"channels last, cuDNN searched", at::MemoryFormat::ChannelsLast3d, true},
                           Way{"channels first", at::MemoryFormat::Contiguous, false}};

class CudnnSearch {
 public:
  explicit CudnnSearch(bool on) : before_(at::globalContext().benchmarkCuDNN()) {
    at::globalContext().setBenchmarkCuDNN(on);
  }
  CudnnSearch(const CudnnSearch&) = delete;
  CudnnSearch& operator=(const CudnnSearch&) = delete;
  ~CudnnSearch() { at::globalContext().setBenchmarkCuDNN(before_); }

 private:
  bool before_;
};

struct Operands {
  at::Tensor x;
  at::Tensor weight;
};

Operands operands_of(const DecoderConv& conv, at::MemoryFormat format, const BenchRanks& ranks) {
  const at::TensorOptions options = at::TensorOptions().device(ranks.device).dtype(ranks.dtype);
  const auto make = [&](std::initializer_list<std::int64_t> shape) {
    return at::randn(at::IntArrayRef(shape), options).contiguous(format);
  };
  const auto& [time, rows, columns] = conv.kernel;
  return {make({1, conv.in, conv.frames_read(), conv.height + rows - 1, conv.width + columns - 1}),
          make({conv.out, conv.in, time, rows, columns}).mul_(0.02)};
}

double measure(const DecoderConv& conv, const char* name, const std::function<void()>& work, const Timer& timer,
               Report* report) {
  Record record;
  record.what = "ceilings";
  record.name = std::string("conv3d, ").append(name);
  record.shape = conv.text();
  record.ms = timer.measure(work, kConvSeconds);
  record.flops = conv.flops();
  record.more["in_a_latent_frame"] = conv.count;
  if (report != nullptr) report->add(record);
  return record.ms.median;
}

double measure_library(const DecoderConv& conv, const Way& way, const BenchRanks& ranks, const Timer& timer,
                       Report* report) {
  const CudnnSearch search(way.search);
  const Operands operands = operands_of(conv, way.format, ranks);
  return measure(
      conv, way.name, [&] { at::conv3d(operands.x, operands.weight); }, timer, report);
}

// Measures our own kernel; none if it does not support the size.
std::optional<double> measure_ours(const DecoderConv& conv, const BenchRanks& ranks, const Timer& timer,
                                   Report* report) {
  const Operands operands = operands_of(conv, at::MemoryFormat::ChannelsLast3d, ranks);
  const NarrowConv ours(operands.weight, at::zeros({conv.out}, operands.weight.options()));
  if (!ours.takes(operands.x)) return std::nullopt;
  return measure(
      conv, "our kernel", [&] { ours(operands.x); }, timer, report);
}

}  // namespace

ConvCeilings measure_conv_ceilings(const WanConfig& config, std::int64_t height, std::int64_t width,
                                   const BenchRanks& ranks, const Timer& timer, Report* report) {
  ConvCeilings ceilings;
  for (const DecoderConv& conv : distinct_convs(decoder_convs(config, height, width))) {
    double best = measure_library(conv, kWays.front(), ranks, timer, report);
    for (std::size_t i = 1; i < kWays.size(); ++i) {
      if (kWays[i].search && !ranks.device.is_cuda()) continue;
      best = std::min(best, measure_library(conv, kWays[i], ranks, timer, report));
    }
    if (const std::optional<double> ours = measure_ours(conv, ranks, timer, report)) best = std::min(best, *ours);
    ceilings[conv.text()] = best;
  }
  return ceilings;
}

}  // namespace orrery
