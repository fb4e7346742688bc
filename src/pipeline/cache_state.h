#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "models/cosmos3/media.h"
#include "models/sampler/step_cache.h"
#include "pipeline/request.h"

namespace orrery {

// How a snapshot keeps the state of a step cache: its counts as JSON, and its tensors one after another.

// The counts; "" of a state without branches.
std::string cache_counts(const StepCacheState& state);

// The state with these counts, of a clip of `shape`, and undefined tensors. Throws InputError when they are not what
// cache_counts() writes.
StepCacheState cache_of(const std::string& counts, const MediaShape& shape);

// Throws InputError when `state` is not what the step cache of `request` knows after `steps_done` steps. `shape`: of the
// clip.
void require_cache_of(const StepCacheState& state, const Request& request, const MediaShape& shape,
                      std::int64_t steps_done);

// A tensor of the state, its name in snapshots, and the stream whose latents' shape it has.
struct CacheTensor {
  at::Tensor* tensor;
  std::string name;  // "0/indicator", "1/0/sound": branch, place among the steps that are kept
  Stream stream = Stream::Video;
};

// All of them, in one order on all ranks.
std::vector<CacheTensor> tensors_of(StepCacheState& state);

}  // namespace orrery
