#include "pipeline/given_pixels.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "io/media/media_reader.h"
#include "pipeline/condition.h"

namespace orrery {

PixelFrames first_frames_of(const std::filesystem::path& video, std::int64_t height, std::int64_t width) {
  return [feed = std::make_shared<FrameFeed>(video, height, width), last = at::Tensor()](std::int64_t count) mutable {
    std::vector<at::Tensor> frames;
    while (std::ssize(frames) < count) {
      const at::Tensor next = feed->next(1);
      if (next.defined()) last = next;
      frames.push_back(last);
    }
    return at::cat(frames, 1);
  };
}

PixelFrames last_frames_of(const std::filesystem::path& video, std::int64_t count, std::int64_t height,
                           std::int64_t width) {
  const auto kept = std::make_shared<std::vector<RgbImage>>(read_last_frames(video, static_cast<std::size_t>(count)));
  return [=, next = std::size_t{0}](std::int64_t wanted) mutable {
    std::vector<at::Tensor> frames;
    for (; std::ssize(frames) < wanted; ++next) {
      frames.push_back(frame_pixels((*kept)[std::min(next, kept->size() - 1)], video, height, width));
    }
    return at::cat(frames, 1);
  };
}

PixelFrames pictures_in_turn(const std::filesystem::path& first, std::int64_t turn, const std::filesystem::path& last,
                             std::int64_t height, std::int64_t width) {
  const auto pixels = [&](const std::filesystem::path& image) {
    return image_pixels(read_image(image), image, height, width);
  };
  return [=, before = pixels(first), after = pixels(last), shown = std::int64_t{0}](std::int64_t count) mutable {
    std::vector<at::Tensor> frames;
    for (; std::ssize(frames) < count; ++shown) frames.push_back(shown < turn ? before : after);
    return at::cat(frames, 1);
  };
}

at::Tensor encode_frames(const WanEncoder& encoder, const PixelFrames& pixels,
                         const std::vector<std::int64_t>& condition_frames, at::Device device) {
  WanEncodeStream stream(encoder);
  std::vector<at::Tensor> given;
  for (std::int64_t frame = 0; frame <= condition_frames.back(); ++frame) {
    const at::Tensor latent = stream.next(pixels(stream.frames_wanted()).to(device));
    if (frame == condition_frames[given.size()]) given.push_back(latent.to(at::kCPU));
  }
  return at::stack(given, 1);
}

}  // namespace orrery
