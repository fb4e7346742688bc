#include "pipeline/cached_model.h"

#include <utility>

#include "base/device/device_events.h"

namespace orrery {
namespace {

MediaLatents sum(const MediaLatents& a, const MediaLatents& b, double sign) {
  MediaLatents sums;
  for (const auto& [stream, own] : a) sums[stream] = at::add(own, b.at(stream), sign);
  return sums;
}

}  // namespace

CachedModel::CachedModel(const GuidedModel& model, const StepCacheSettings& settings, const Schedule& schedule,
                         at::IntArrayRef video, at::Device device)
    : model_(&model), timesteps_(schedule.timesteps) {
  if (settings.on()) cache_.emplace(settings, schedule, video, model.branches(), device);
}

void CachedModel::restore(StepCacheState state) {
  if (cache_ && !state.branches.empty()) cache_->restore(std::move(state));
}

std::vector<MediaLatents> CachedModel::velocities(const MediaLatents& latents, std::int64_t step) {
  const auto timestep = static_cast<double>(timesteps_[static_cast<std::size_t>(step)]);
  const BranchFlags called = model_->called(timestep);
  return cache_ ? cached(latents, timestep, step, called) : model_->velocities(latents, timestep, called);
}

std::vector<MediaLatents> CachedModel::cached(const MediaLatents& latents, double timestep, std::int64_t step,
                                              const BranchFlags& called) {
  const at::Tensor distances = cache_->measure(latents.at(Stream::Video), step, called);
  std::optional<Readback> reading;
  if (distances.defined()) reading.emplace(model_->agreed(distances));
  const MediaLatents shallow = model_->without_layers(latents, timestep);
  const BranchFlags computes = cache_->decide(reading ? reading->wait() : std::vector<float>{});
  std::vector<MediaLatents> velocities = model_->velocities(latents, timestep, computes);
  for (std::size_t i = 0; i < velocities.size(); ++i) {
    if (computes[i]) {
      cache_->keep(i, sum(velocities[i], shallow, -1));
    } else if (called[i]) {
      velocities[i] = sum(shallow, cache_->share(i), 1);
    }
  }
  return velocities;
}

}  // namespace orrery
