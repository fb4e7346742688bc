#include "models/wan/padded_frames.h"

namespace orrery {

void PaddedFrames::reserve(at::IntArrayRef sizes, const at::TensorOptions& options) {
  frames_ = reach_.past + sizes[2];
  if (buffer_.defined() && buffer_.size(2) >= frames_) return;
  const std::int64_t border = reach_.before + reach_.after;
  const at::Tensor larger =
      at::zeros({1, frames_, sizes[3] + border, sizes[4] + border, sizes[1]}, options).permute({0, 4, 1, 2, 3});
  if (buffer_.defined()) larger.narrow(2, 0, reach_.past).copy_(buffer_.narrow(2, 0, reach_.past));
  buffer_ = larger;
}

at::Tensor PaddedFrames::room(at::IntArrayRef sizes, const at::TensorOptions& options) {
  reserve(sizes, options);
  return buffer_.narrow(2, reach_.past, sizes[2]).narrow(3, reach_.before, sizes[3]).narrow(4, reach_.before, sizes[4]);
}

at::Tensor PaddedFrames::whole(const Strip& strip) const {
  if (reach_.before + reach_.after > 0) {
    strip.fill_halo(buffer_.narrow(2, reach_.past, frames_ - reach_.past), reach_.before, reach_.after);
  }
  return buffer_.narrow(2, 0, frames_);
}

void PaddedFrames::keep() {
  // One by one, in order: the frames that stay may lie where later ones go.
  for (std::int64_t i = 0; i < reach_.past; ++i) {
    buffer_.select(2, i).copy_(buffer_.select(2, frames_ - reach_.past + i));
  }
}

}  // namespace orrery
