#include "pipeline/sound_seams.h"

#include <algorithm>

namespace orrery {
namespace {

// Cross-fades from `out` to `in`, both (2, n).
at::Tensor cross_fade(const at::Tensor& out, const at::Tensor& in) {
  constexpr double kQuarterTurn = 1.5707963267948966;
  const std::int64_t samples = out.size(1);
  const at::Tensor angle = (at::arange(samples, at::kDouble) + 0.5) * (kQuarterTurn / static_cast<double>(samples));
  return out * angle.cos().to(at::kFloat) + in * angle.sin().to(at::kFloat);
}

}  // namespace

at::Tensor SoundSeams::add(const at::Tensor& waveform, std::int64_t begin, std::optional<std::int64_t> next) {
  at::Tensor joined = waveform.clone();
  if (held_.defined()) {
    const std::int64_t shared = std::min(held_.size(1), joined.size(1));
    joined.narrow(1, 0, shared).copy_(cross_fade(held_.narrow(1, 0, shared), waveform.narrow(1, 0, shared)));
  }
  const std::int64_t complete = next ? std::min(*next - begin, joined.size(1)) : joined.size(1);
  held_ = joined.narrow(1, complete, joined.size(1) - complete);
  return joined.narrow(1, 0, complete);
}

}  // namespace orrery
