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

// Fits an image, or a frame of a video, to height × width for the encoder: (3, 1, height, width) in [-1, 1]. Only
// images are rounded to 8 bits after resizing. Throws InputError that names `path`.
at::Tensor image_pixels(const RgbImage& image, const std::filesystem::path& path, std::int64_t height,
                        std::int64_t width);
at::Tensor frame_pixels(const RgbImage& frame, const std::filesystem::path& path, std::int64_t height,
                        std::int64_t width);

// Encodes an image file as the latent frame (C, 1, h, w) that starts a clip of height × width. Throws InputError that
// names the file.
at::Tensor encode_image(const WanEncoder& encoder, const std::filesystem::path& image, std::int64_t height,
                        std::int64_t width, at::Device device);

// Reads all latent frames (C, t, h, w) of a latent file, float32 on the CPU. `channels` and `vae_fingerprint` are those
// of the checkpoint's VAE; latents of another VAE are refused. Throws InputError that names the file.
at::Tensor all_latent_frames(const std::filesystem::path& file, std::int64_t channels,
                             const std::string& vae_fingerprint);

// Reads the last `count` latent frames (C, count, h, w) of a latent file. `shape` is (C, t, h, w) of the clip that they
// start; `vae_fingerprint` is the checkpoint's; latents of another VAE are refused. Throws InputError that names the
// file.
at::Tensor last_latent_frames(const std::filesystem::path& file, std::int64_t count,
                              const std::vector<std::int64_t>& shape, const std::string& vae_fingerprint);

// Reads the frames of a media file one after another for the encoder: fitted to height × width, in [-1, 1], float32 on
// the CPU. An image is rounded to 8 bits after resizing, like a condition image; a video's frames are not (MODES.md A).
// All members throw InputError that names the file.
class FrameFeed {
 public:
  FrameFeed(std::filesystem::path path, std::int64_t height, std::int64_t width);

  // Returns up to `count` further frames, (3, n, height, width); undefined when none is left.
  at::Tensor next(std::int64_t count);
  Fraction fps() const { return reader_.fps(); }

 private:
  std::filesystem::path path_;
  VideoReader reader_;
  std::int64_t height_;
  std::int64_t width_;
};

// A clip continues another one from its last pixel frames, which are encoded anew as the beginning of the new clip
// (MODES.md A). The other clip's latent frames cannot be used: the first latent frame of a clip stands for one pixel
// frame, all others for four.

// The number of pixel frames of the latent frames up to the last one of `condition_frames` (increasing).
std::int64_t pixel_frames_for(const std::vector<std::int64_t>& condition_frames);

// Fits frames (n, H0, W0, 3) in [-1, 1], n <= count, to height × width for the encoder and repeats the last one: (3,
// count, height, width), float32 on the CPU. Throws InputError like covering_picture().
at::Tensor clip_pixels(const at::Tensor& frames, std::int64_t count, std::int64_t height, std::int64_t width);

}  // namespace orrery
