#include "pipeline/start_clip.h"

#include <fmt/format.h>

#include <utility>

#include "pipeline/clip_file.h"
#include "pipeline/clip_needs.h"
#include "pipeline/condition.h"
#include "pipeline/given_pixels.h"
#include "pipeline/root_work.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

// The pixel frames that begin the request's clip; empty when it gives no pixels. `parents` are the frames (3, n, H, W)
// of the clip that it continues, if it has been decoded.
PixelFrames given_frames(const Request& request, at::Tensor parents) {
  const std::int64_t height = request.height, width = request.width;
  const std::int64_t count = pixel_frames_for(request.condition_frames);
  if (!request.last_image.empty()) {
    const std::int64_t turn = pixel_frames_for({request.condition_frames.front()});
    return pictures_in_turn(request.image, turn, request.last_image, height, width);
  }
  if (!request.continued_video.empty()) return last_frames_of(request.continued_video, count, height, width);
  if (!request.video.empty()) {
    return request.keeps_last ? last_frames_of(request.video, count, height, width)
                              : first_frames_of(request.video, height, width);
  }
  if (!parents.defined()) return {};
  return [parents, next = std::int64_t{0}](std::int64_t wanted) mutable {
    next += wanted;
    return parents.narrow(1, next - wanted, wanted);
  };
}

}  // namespace

NoiseAhead::Key NoiseAhead::key_of(std::uint32_t seed, const MediaShape& shape) {
  Key key{seed, {}};
  for (const auto& [stream, own] : shape.streams) key.extents[stream] = own.extents;
  return key;
}

void NoiseAhead::begin(std::uint32_t seed, const MediaShape& shape) {
  begun_ = key_of(seed, shape);
  drawn_ = std::async(std::launch::async, [=] { return noise_for(seed, shape, at::kCPU); });
}

MediaLatents NoiseAhead::take(std::uint32_t seed, const MediaShape& shape, at::Device device) {
  const bool ready = drawn_.valid() && begun_ == key_of(seed, shape);
  MediaLatents noise = ready ? drawn_.get() : noise_for(seed, shape, at::kCPU);
  for (auto& [stream, own] : noise) own = own.to(device);
  return noise;
}

ClipStart ClipStarter::operator()(const ClipJob& job, const MediaShape& shape, const std::string& label,
                                  PhaseClock& clock, const std::optional<at::Tensor>& parents_end) {
  if (job.resumes) {
    ClipStart start = resumed(job, shape, label);
    clock.end("resume");
    return start;
  }
  ClipStart start;
  if (job.request.conditioned()) {
    // Recorded before the files are read: if a file changes in between, the clip counts as outdated and not as this
    // request.
    on_root(context_.world, [&] { start.inputs = inputs_of(job); });
    start.conditions[Stream::Video] = condition_for(job.request, shape, parents_end);
    clock.end("condition");
  }
  start.state.seed = job.request.seed;
  start.state.latents = noise_.take(job.request.seed, shape, context_.towers.device());
  clock.end("noise");
  return start;
}

ClipStart ClipStarter::resumed(const ClipJob& job, const MediaShape& shape, const std::string& label) const {
  ResumedClip clip = share_snapshot(context_.world, context_.settings.folder.snapshot(job.request.id), job.request,
                                    shape, context_.towers.device());
  context_.log.info(fmt::format("{} resumes at step {}/{}", label, clip.state.steps_done(), job.request.steps));
  const std::string remark = remark_on_resuming(clip.model, context_.settings.recipe);
  if (!remark.empty()) context_.log.warning(label + ": " + remark);
  return {std::move(clip.state), std::move(clip.conditions), std::move(clip.inputs)};
}

void ClipStarter::draw_noise_ahead(const ClipJob& job) {
  if (!job.chunks.empty()) return draw_noise_ahead(job.chunks.front());
  if (!job.refusal.empty() || job.latents_done || job.resumes) return;
  noise_.begin(job.request.seed, media_shape(job.request, context_.towers.config()));
}

Condition ClipStarter::condition_for(const Request& request, const MediaShape& shape,
                                     const std::optional<at::Tensor>& parents_end) const {
  at::Tensor end;
  if (request.encodes_parent) end = parents_end ? *parents_end : decoded_end(request, shape);
  at::Tensor latents;
  on_root(context_.world, [&] {
    at::Tensor pixels;
    if (end.defined()) {
      pixels = clip_pixels(end, pixel_frames_for(request.condition_frames), request.height, request.width);
    }
    latents = given_latents(request, shape, pixels);
  });
  return {request.condition_frames, share_from_root(context_.world, latents)};
}

at::Tensor ClipStarter::given_latents(const Request& request, const MediaShape& shape, at::Tensor pixels) const {
  const at::Device device = context_.towers.device();
  if (!request.image.empty() && request.last_image.empty()) {
    return encode_image(*context_.encoder, request.image, request.height, request.width, device);
  }
  if (const PixelFrames frames = given_frames(request, std::move(pixels))) {
    return encode_frames(*context_.encoder, frames, request.condition_frames, device);
  }
  const auto file =
      request.parent.empty() ? request.condition_latents : context_.settings.folder.latents(request.parent);
  return last_latent_frames(file, static_cast<std::int64_t>(request.condition_frames.size()),
                            shape.extents(Stream::Video), context_.settings.vae_fingerprint);
}

at::Tensor ClipStarter::decoded_end(const Request& request, const MediaShape& shape) const {
  at::Tensor latents;
  on_root(context_.world, [&] {
    latents = all_latent_frames(context_.settings.folder.latents(request.parent), shape.extents(Stream::Video)[0],
                                context_.settings.vae_fingerprint);
  });
  latents = share_from_root(context_.world, latents).to(context_.towers.device());
  return context_.media.last_frames(latents, pixel_frames_for(request.condition_frames));
}

std::string ClipStarter::inputs_of(const ClipJob& job) const {
  ParentContent parent{"", job.parent_recipe};
  const std::string& id = job.request.parent;
  if (!id.empty()) parent.latents = stored_checksum(context_.settings.folder.latents(id));
  return clip_inputs(job.request, parent);
}

}  // namespace orrery
