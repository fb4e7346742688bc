#include "pipeline/decode.h"

#include <ATen/record_function.h>

namespace orrery {

at::Tensor to_rgb8(const at::Tensor& pixels) {
  RECORD_USER_SCOPE("bytes to the host");
  const at::Tensor scaled = pixels.to(at::kFloat).add(1).mul_(127.5).round_().clamp_(0, 255);
  return scaled.to(at::kByte).permute({1, 2, 3, 0}).contiguous().to(at::kCPU);
}

void decode_video(const WanDecoder& decoder, const at::Tensor& latent, const FrameSink& sink) {
  WanDecodeStream stream(decoder);
  for (std::int64_t t = 0; t < latent.size(1); ++t) {
    const at::Tensor frames = to_rgb8(stream.next(latent.select(1, t)));
    const auto bytes = static_cast<std::size_t>(frames.size(1) * frames.size(2) * 3);
    for (std::int64_t i = 0; i < frames.size(0); ++i) sink({frames[i].const_data_ptr<std::uint8_t>(), bytes});
  }
}

}  // namespace orrery
