#include "pipeline/condition.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "io/latents/latent_store.h"
#include "io/media/media_reader.h"
#include "models/wan/config.h"
#include "pipeline/arrays.h"
#include "pipeline/condition_image.h"

namespace orrery {
namespace {

// The VAE's fingerprint in a latent file; "" when the file has none, as those of other programs may.
std::string vae_named_by(const LatentFile& file) {
  const Json model = parse_object_or_null(file.model);
  if (!model.contains("vae_fingerprint")) return "";
  return model["vae_fingerprint"].is_string() ? model["vae_fingerprint"].get<std::string>() : "";
}

// The video latents (C, t, h, w) of a file, or of the last chunk of a long clip's. Refuses latents of another VAE.
at::Tensor own_video(const std::filesystem::path& path, const std::string& vae_fingerprint) {
  const std::vector<ListedChunk> chunks = read_latent_header(path).chunks;
  if (!chunks.empty()) return own_video(path.parent_path() / chunks.back().file, vae_fingerprint);
  const LatentFile file = read_latents(path);
  const std::string named = vae_named_by(file);
  require_input(named.empty() || named == vae_fingerprint,
                fmt::format("{}: its latents are of another model (VAE {}, this checkpoint has {})", path.string(),
                            named, vae_fingerprint));
  return to_tensor(file.latents.at(Stream::Video)).squeeze(0);
}

void require_finite(const std::filesystem::path& path, const at::Tensor& latents) {
  require_input(at::isfinite(latents).all().item<bool>(), path.string() + ": its latents have NaN or infinite values");
}

using Fit = at::Tensor (*)(const at::Tensor& rgb, std::int64_t height, std::int64_t width);

at::Tensor fitted(const RgbImage& image, const std::filesystem::path& path, std::int64_t height, std::int64_t width,
                  Fit fit) {
  const at::Tensor rgb =
      at::tensor(at::ArrayRef<std::uint8_t>(image.rgb), at::kByte).view({image.height, image.width, 3});
  try {
    return fit(rgb, height, width);
  } catch (const InputError& e) {
    throw InputError(path.string() + ": " + e.what());
  }
}

}  // namespace

at::Tensor image_pixels(const RgbImage& image, const std::filesystem::path& path, std::int64_t height,
                        std::int64_t width) {
  return fitted(image, path, height, width, condition_pixels);
}

at::Tensor frame_pixels(const RgbImage& frame, const std::filesystem::path& path, std::int64_t height,
                        std::int64_t width) {
  return fitted(frame, path, height, width, frame_pixels);
}

at::Tensor encode_image(const WanEncoder& encoder, const std::filesystem::path& image, std::int64_t height,
                        std::int64_t width, at::Device device) {
  return encoder(image_pixels(read_image(image), image, height, width).to(device)).to(at::kCPU);
}

at::Tensor all_latent_frames(const std::filesystem::path& path, std::int64_t channels,
                             const std::string& vae_fingerprint) {
  const at::Tensor video = own_video(path, vae_fingerprint);
  require_input(video.size(0) == channels, fmt::format("{}: its latents have {}, the checkpoint's VAE takes {}",
                                                       path.string(), count_text(video.size(0), "channel"), channels));
  require_finite(path, video);
  return video;
}

at::Tensor last_latent_frames(const std::filesystem::path& path, std::int64_t count,
                              const std::vector<std::int64_t>& shape, const std::string& vae_fingerprint) {
  const at::Tensor video = own_video(path, vae_fingerprint);
  const bool fits = video.size(0) == shape[0] && video.size(2) == shape[2] && video.size(3) == shape[3];
  require_input(fits, path.string() + ": its latents are " + shape_text(video.sizes().vec()) + ", the clip's are " +
                          shape_text(shape) + ": channels, height and width must agree");
  require_input(video.size(1) >= count, fmt::format("{}: it has {}, condition_frames asks for {}", path.string(),
                                                    count_text(video.size(1), "latent frame"), count));
  const at::Tensor last = video.narrow(1, video.size(1) - count, count).contiguous();
  require_finite(path, last);
  return last;
}

FrameFeed::FrameFeed(std::filesystem::path path, std::int64_t height, std::int64_t width)
    : path_(std::move(path)), reader_(path_), height_(height), width_(width) {}

at::Tensor FrameFeed::next(std::int64_t count) {
  std::vector<at::Tensor> frames;
  RgbImage frame;
  while (static_cast<std::int64_t>(frames.size()) < count && reader_.next(frame)) {
    frames.push_back(reader_.is_image() ? image_pixels(frame, path_, height_, width_)
                                        : frame_pixels(frame, path_, height_, width_));
  }
  return frames.empty() ? at::Tensor() : at::cat(frames, 1);
}

std::int64_t pixel_frames_for(const std::vector<std::int64_t>& condition_frames) {
  return WanConfig::frames(condition_frames.back() + 1);
}

at::Tensor clip_pixels(const at::Tensor& frames, std::int64_t count, std::int64_t height, std::int64_t width) {
  require(frames.size(0) > 0 && frames.size(0) <= count,
          fmt::format("a clip begins with 1 to {} frames, not {}", count, frames.size(0)));
  std::vector<at::Tensor> fitted;
  for (const at::Tensor& frame : frames.unbind(0)) fitted.push_back(covering_picture(frame, height, width));
  fitted.resize(static_cast<std::size_t>(count), fitted.back());
  return at::stack(fitted, 1);
}

}  // namespace orrery
