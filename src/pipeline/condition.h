#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/media/media_reader.h"
#include "io/media/rgb_image.h"
#include "models/wan/encoder.h"

namespace orrery {

// An image, or a frame of a video, fitted to height × width as the encoder takes it, (3, 1, height, width) in [-1, 1].
// Only an image is rounded to 8 bits after resizing. Throws InputError that names `path`.
at::Tensor image_pixels(const RgbImage& image, const std::filesystem::path& path, std::int64_t height,
                        std::int64_t width);
at::Tensor frame_pixels(const RgbImage& frame, const std::filesystem::path& path, std::int64_t height,
                        std::int64_t width);

// An image file as the one latent frame (C, 1, h, w) that starts a clip of height × width. Throws InputError naming the
// file.
at::Tensor encode_image(const WanEncoder& encoder, const std::filesystem::path& image, std::int64_t height,
                        std::int64_t width, at::Device device);

// All latent frames (C, t, h, w) of a latent file, float32 on the CPU. `channels`: of the checkpoint's VAE, whose
// `vae_fingerprint` it is; latents that name another are refused. Throws InputError naming the file.
at::Tensor all_latent_frames(const std::filesystem::path& file, std::int64_t channels,
                             const std::string& vae_fingerprint);

// The last `count` latent frames of a latent file, (C, count, h, w). `shape`: C, t, h, w of the clip they start.
// `vae_fingerprint`: of the checkpoint in use; latents that name another are refused. Throws InputError naming the
// file.
at::Tensor last_latent_frames(const std::filesystem::path& file, std::int64_t count,
                              const std::vector<std::int64_t>& shape, const std::string& vae_fingerprint);

// The frames of a media file one after another, as the encoder takes them: fitted to height × width, in [-1, 1],
// float32 on the CPU. An image is rounded to 8 bits after resizing, as a condition image is; a video's frames are not
// (MODES.md A). Everything throws InputError that names the file.
class FrameFeed {
 public:
  FrameFeed(std::filesystem::path path, std::int64_t height, std::int64_t width);

  // Up to `count` further frames, (3, n, height, width); undefined when none is left.
  at::Tensor next(std::int64_t count);
  Fraction fps() const { return reader_.fps(); }

 private:
  std::filesystem::path path_;
  VideoReader reader_;
  std::int64_t height_;
  std::int64_t width_;
};

// How a clip goes on from the last pixel frames of another one: they are encoded anew, as the beginning of the new clip
// (MODES.md A). Latent frames taken as they are would not do: the first latent frame of a clip stands for one pixel
// frame, every other one for four.

// How many pixel frames the latent frames up to the last one of `condition_frames` (rising) stand for.
std::int64_t pixel_frames_for(const std::vector<std::int64_t>& condition_frames);

// Frames (n, H0, W0, 3) in [-1, 1] as the encoder takes a clip of `count` frames, n <= count: (3, count, height,
// width), float32 on the CPU, fitted to the size, the last frame repeated. Throws InputError like covering_picture.
at::Tensor clip_pixels(const at::Tensor& frames, std::int64_t count, std::int64_t height, std::int64_t width);

}  // namespace orrery
