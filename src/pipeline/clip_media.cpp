#include "pipeline/clip_media.h"

#include <algorithm>
#include <vector>

#include "pipeline/root_work.h"
#include "pipeline/video_decode.h"

namespace orrery {
namespace {

std::int64_t frame_count(const at::Tensor& latent) { return WanConfig::frames(latent.size(1)); }

PictureSize picture_size(const at::Tensor& latent) {
  return {static_cast<int>(latent.size(3) * WanConfig::kSpatialFactor),
          static_cast<int>(latent.size(2) * WanConfig::kSpatialFactor), frame_count(latent)};
}

}  // namespace

MediaOutcome MediaMaker::operator()(const MediaLatents& latents, const ClipLabel& label,
                                    const std::function<bool()>& interrupted) {
  MediaMaking making =
      in_parts(label, picture_size(latents.at(Stream::Video)), latents.contains(Stream::Sound), interrupted);
  making.add(latents, {});
  return making.finish();
}

at::Tensor MediaMaker::decode_last(const at::Tensor& latents, std::int64_t count, VaeSplit split) {
  const auto decode =
      start_decode(split, tools_.decoders.video, tools_.ranks, latents.size(2), latents.size(3), FrameType::Floats);
  const std::int64_t frames = frame_count(latents);
  std::vector<at::Tensor> last;
  for (std::int64_t t = 0; t < latents.size(1); ++t) {
    const at::Tensor decoded = decode->next(latents.select(1, t));
    const std::int64_t frames_until = WanConfig::frames(t + 1);
    if (decoded.defined() && frames_until > frames - count) last.push_back(decoded.to(at::kCPU));
  }
  if (last.empty()) return {};
  const at::Tensor all = at::cat(last, 0);
  const std::int64_t kept = std::min(count, all.size(0));
  return all.narrow(0, all.size(0) - kept, kept).contiguous();
}

at::Tensor MediaMaker::last_frames(const at::Tensor& latents, std::int64_t count) {
  if (!tools_.one_decodes()) return decode_last(latents, count, VaeSplit::Exact);
  at::Tensor frames;
  on_root(tools_.ranks.world(), [&] { frames = decode_last(latents, count, VaeSplit::None); });
  return frames;
}

}  // namespace orrery
