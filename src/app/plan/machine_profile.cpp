#include "app/plan/machine_profile.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

constexpr double kTera = 1e12;
constexpr double kGiga = 1e9;

// Video tokens of 320x192, 832x480 and 1280x720 at 189, 93 and 189 frames.
constexpr double k256p = 2880, k480p = 9360, k720p = 44160;

RateCurve curve(double unit, double at_256p, double at_480p, double at_720p) {
  return RateCurve({{k256p, at_256p}, {k480p, at_480p}, {k720p, at_720p}}).times(unit);
}

// From tools/results/: steps gpu-step-h200.jsonl; decoding gpu-decode-h200.jsonl; all-reduces and sound
// gpu-bench-h200.jsonl; all-to-alls, including the time that ranks wait for each other, gpu-two-h200.jsonl.
MachineProfile h200_cudnn() {
  MachineProfile profile;
  profile.device = "NVIDIA H200";
  profile.attention = AttentionKernel::Cudnn;
  profile.plain = {curve(kTera, 440, 535, 583), curve(kTera, 682, 706, 756), curve(kGiga, 2811, 3618, 4100)};
  profile.float8 = {curve(kTera, 457, 532, 587), curve(kTera, 1275, 1330, 1421), curve(kGiga, 2308, 3065, 3587)};
  profile.link = 298 * kGiga;
  profile.exchange = 172 * kGiga;
  profile.waited_for = 1.34;
  profile.decoded_pixels = 36.4e6;
  profile.sound_steps = 600;
  return profile;
}

// From tools/results/: gpu-fa3-h200.jsonl; all-reduces gpu-two-h200.jsonl. Products in 8 bits as with cuDNN.
MachineProfile h200_fa3() {
  MachineProfile profile = h200_cudnn();
  profile.attention = AttentionKernel::Fa3;
  profile.waited_for = 0.71;
  profile.plain = {curve(kTera, 530, 617, 645), curve(kTera, 659, 694, 723), curve(kGiga, 2766, 3617, 4080)};
  profile.float8.attention = profile.plain.attention;
  // The bfloat16 rates in a step, times the kernels' ratio when measured alone (50 ms to 36.5 ms at 720p).
  profile.float8_attention = curve(kTera, 700, 818, 882);
  return profile;
}

MachineProfile h200(AttentionKernel attention) { return attention == AttentionKernel::Fa3 ? h200_fa3() : h200_cudnn(); }

StepRates scaled(const StepRates& rates, double attention, double products, double memory) {
  return {rates.attention.times(attention), rates.products.times(products), rates.memory.times(memory)};
}

// From tools/results/gpu-h100-beside-h200.jsonl; memory from the specified bandwidths of 3.35 and 4.8 TB/s.
MachineProfile h100(AttentionKernel attention) {
  constexpr double kAttention = 0.99, kProducts = 0.93, kFloat8 = 0.95, kMemory = 0.70, kDecode = 0.93;
  MachineProfile profile = h200(attention);
  profile.device = "NVIDIA H100";
  profile.plain = scaled(profile.plain, kAttention, kProducts, kMemory);
  profile.float8 = scaled(profile.float8, kAttention, kFloat8, kMemory);
  profile.float8_attention = profile.float8_attention.times(kAttention);
  profile.decoded_pixels *= kDecode;
  profile.sound_steps *= kDecode;
  return profile;
}

}  // namespace

RateCurve::RateCurve(std::vector<Point> points) : points_(std::move(points)) {
  std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.tokens < b.tokens; });
}

double RateCurve::at(double tokens) const {
  const auto above =
      std::find_if(points_.begin(), points_.end(), [&](const Point& point) { return point.tokens >= tokens; });
  if (above == points_.begin()) return points_.front().rate;
  if (above == points_.end()) return points_.back().rate;
  const Point& below = *(above - 1);
  const double way = std::log(tokens / below.tokens) / std::log(above->tokens / below.tokens);
  return below.rate + way * (above->rate - below.rate);
}

RateCurve RateCurve::times(double factor) const {
  std::vector<Point> points = points_;
  for (Point& point : points) point.rate *= factor;
  return RateCurve(std::move(points));
}

MachineProfile builtin_profile(GpuKind gpu, AttentionKernel attention) {
  return gpu == GpuKind::H100 ? h100(attention) : h200(attention);
}

std::int64_t builtin_memory(GpuKind gpu) {
  constexpr std::int64_t kH100 = 84'000'000'000, kH200 = 149'000'000'000;
  return gpu == GpuKind::H100 ? kH100 : kH200;
}

}  // namespace orrery
