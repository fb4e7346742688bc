#pragma once

#include <optional>
#include <vector>

#include "models/sampler/step_cache.h"
#include "pipeline/guidance.h"

namespace orrery {

// Gives the velocities of a request's branches at each step, with a step cache in front of the layers or without one.
// Every rank keeps the same bits of both branches, so that the state does not depend on the grid, and decides by the
// first rank's distances, so that all ranks decide alike.
//
// With a cache the host must read a step's distances before it can queue the step, and waits until the device has done
// the step before. It waits only for the distances: behind them the device already has the velocities without layers to
// compute, which the step needs in either case, and does not idle while the host wakes up. Steps that are always
// computed need no distances, and the host does not wait.
class CachedModel {
 public:
  // `video`: the latents' shape. `model` must outlive the object.
  CachedModel(const GuidedModel& model, const StepCacheSettings& settings, const Schedule& schedule,
              at::IntArrayRef video, at::Device device);

  // The branches' velocities at a step of the schedule, computed or extrapolated; empty for a branch that the step
  // does not take. Collective.
  std::vector<MediaLatents> velocities(const MediaLatents& latents, std::int64_t step);

  // Empty without a cache.
  StepCacheState state() const { return cache_ ? cache_->state() : StepCacheState{}; }
  void restore(StepCacheState state);

 private:
  std::vector<MediaLatents> cached(const MediaLatents& latents, double timestep, std::int64_t step,
                                   const BranchFlags& called);

  const GuidedModel* model_;
  std::vector<std::int64_t> timesteps_;
  std::optional<StepCache> cache_;
};

}  // namespace orrery
