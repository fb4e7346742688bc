#include "bench/vae_ceilings.h"

#include <algorithm>
#include <array>

#include "bench/vae_work.h"

namespace orrery {
namespace {

constexpr double kBudgetSeconds = 0.3;

struct Way {
  const char* name;
  at::MemoryFormat format;
  bool search;  // lets cuDNN try its algorithms first
};

// The decoder's own way comes first.
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

double measure(const DecoderConv& conv, const Way& way, const BenchRanks& ranks, const Timer& timer, Report* report) {
  const CudnnSearch search(way.search);
  const at::TensorOptions options = at::TensorOptions().device(ranks.device).dtype(ranks.dtype);
  const auto make = [&](std::initializer_list<std::int64_t> shape) {
    return at::randn(at::IntArrayRef(shape), options).contiguous(way.format);
  };
  const auto& [time, rows, columns] = conv.kernel;
  const at::Tensor x = make({1, conv.in, conv.frames_read(), conv.height + rows - 1, conv.width + columns - 1});
  const at::Tensor weight = make({conv.out, conv.in, time, rows, columns}).mul_(0.02);
  Record record;
  record.what = "ceilings";
  record.name = std::string("conv3d, ").append(way.name);
  record.shape = conv.text();
  record.ms = timer.measure([&] { at::conv3d(x, weight); }, kBudgetSeconds);
  record.flops = conv.flops();
  record.more["in_a_latent_frame"] = conv.count;
  if (report != nullptr) report->add(record);
  return record.ms.median;
}

}  // namespace

ConvCeilings measure_conv_ceilings(const WanConfig& config, std::int64_t height, std::int64_t width,
                                   const BenchRanks& ranks, const Timer& timer, Report* report) {
  ConvCeilings ceilings;
  for (const DecoderConv& conv : distinct_convs(decoder_convs(config, height, width))) {
    double best = measure(conv, kWays.front(), ranks, timer, report);
    for (std::size_t i = 1; i < kWays.size(); ++i) {
      if (kWays[i].search && !ranks.device.is_cuda()) continue;
      best = std::min(best, measure(conv, kWays[i], ranks, timer, report));
    }
    ceilings[conv.text()] = best;
  }
  return ceilings;
}

}  // namespace orrery
