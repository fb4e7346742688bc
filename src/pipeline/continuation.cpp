#include "pipeline/continuation.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "io/media/media_reader.h"
#include "models/wan/config.h"
#include "pipeline/condition.h"
#include "pipeline/condition_image.h"

namespace orrery {
namespace {

// Frames (3, H, W) as a clip (3, count, H, W), the last one repeated.
at::Tensor clip_of(std::vector<at::Tensor> frames, std::int64_t count) {
  require(!frames.empty() && std::ssize(frames) <= count,
          fmt::format("a clip begins with 1 to {} frames, not {}", count, frames.size()));
  frames.resize(static_cast<std::size_t>(count), frames.back());
  return at::stack(frames, 1);
}

}  // namespace

std::int64_t pixel_frames_for(const std::vector<std::int64_t>& condition_frames) {
  return condition_frames.back() * WanConfig::kTemporalFactor + 1;
}

at::Tensor clip_pixels(const at::Tensor& frames, std::int64_t count, std::int64_t height, std::int64_t width) {
  std::vector<at::Tensor> fitted;
  for (const at::Tensor& frame : frames.unbind(0)) fitted.push_back(covering_picture(frame, height, width));
  return clip_of(std::move(fitted), count);
}

at::Tensor clip_pixels_of_video(const std::filesystem::path& video, std::int64_t count, std::int64_t height,
                                std::int64_t width) {
  std::vector<at::Tensor> fitted;
  for (const RgbImage& frame : read_last_frames(video, static_cast<std::size_t>(count))) {
    fitted.push_back(frame_pixels(frame, video, height, width).squeeze(1));
  }
  return clip_of(std::move(fitted), count);
}

at::Tensor encode_frames(const WanEncoder& encoder, const at::Tensor& pixels,
                         const std::vector<std::int64_t>& condition_frames, at::Device device) {
  const at::Tensor latents = encoder(pixels.to(device)).to(at::kCPU);
  return latents.index_select(1, at::tensor(condition_frames, at::kLong)).contiguous();
}

}  // namespace orrery
