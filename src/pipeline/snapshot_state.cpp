#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/core/error.h"
#include "base/core/json.h"
#include "pipeline/arrays.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

Json counts_of(const BranchCache& branch) {
  Json steps = Json::array();
  for (const LayersShare& share : branch.shares) steps.push_back(share.step);
  return {{"change", branch.skips.change}, {"skips", branch.skips.steps}, {"steps", steps}};
}

BranchCache branch_of(const Json& counts, const MediaShape& shape) {
  BranchCache branch;
  branch.skips = {counts.at("change").get<double>(), counts.at("skips").get<std::int64_t>()};
  for (const Json& step : counts.at("steps")) {
    LayersShare& share = branch.shares.emplace_back();
    share.step = step.get<std::int64_t>();
    for (const auto& [stream, own] : shape.streams) share.streams.emplace(stream, at::Tensor());
  }
  return branch;
}

// Whether these are increasing indexes of steps already done.
bool are_past(const std::vector<std::int64_t>& steps, std::int64_t steps_done) {
  const bool ordered = std::adjacent_find(steps.begin(), steps.end(), std::greater_equal<>()) == steps.end();
  return ordered && (steps.empty() || (steps.front() >= 0 && steps.back() < steps_done));
}

bool is_possible(const BranchCache& branch, const StepCacheSettings& settings, std::int64_t steps_done) {
  std::vector<std::int64_t> steps;
  for (const LayersShare& share : branch.shares) steps.push_back(share.step);
  return std::ssize(steps) <= settings.order + 1 && are_past(steps, steps_done) && std::isfinite(branch.skips.change) &&
         branch.skips.change >= 0 && branch.skips.steps >= 0 && branch.skips.steps < steps_done;
}

constexpr int kSamplerOrder = 2;

FloatArray batch_of_one(const at::Tensor& tensor) {
  return tensor.defined() ? to_array(tensor.unsqueeze(0)) : FloatArray{};
}

SamplerHistory history_of(const UniPcState& state, std::int64_t steps) {
  if (!state.last_sample.defined()) return {};
  const auto done = static_cast<int>(state.step);
  const auto left_at_last = static_cast<int>(steps) - done + 1;
  return {batch_of_one(state.last_sample), batch_of_one(state.model_output_0), batch_of_one(state.model_output_1),
          std::min(done, kSamplerOrder), std::min({done, left_at_last, kSamplerOrder})};
}

std::vector<std::int64_t> with_batch(std::vector<std::int64_t> shape) {
  shape.insert(shape.begin(), 1);
  return shape;
}

void require_shape(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& shape,
                   const std::string& what) {
  require_input(found == with_batch(shape),
                fmt::format("{} has shape {}, expected {}", what, shape_text(found), shape_text(with_batch(shape))));
}

at::Tensor tensor_of(const FloatArray& array, const std::vector<std::int64_t>& shape, const std::string& what) {
  require_shape(array.shape, shape, what);
  return to_tensor(array).squeeze(0);
}

UniPcState sampler_state(std::int64_t step, bool renoises, const SamplerHistory& history,
                         const std::vector<std::int64_t>& shape) {
  UniPcState state;
  state.step = step;
  if (renoises) return state;
  state.last_sample = tensor_of(history.last_sample, shape, "last_sample");
  state.model_output_1 = tensor_of(history.model_output_1, shape, "model_output_1");
  if (step >= 2) state.model_output_0 = tensor_of(history.model_output_0, shape, "model_output_0");
  return state;
}

StepCacheState cache_state(const RunningState& running, const Request& request, const MediaShape& shape) {
  StepCacheState state = cache_of(running.cache, shape);
  require_cache_of(state, request, shape, running.step);
  for (const CacheTensor& part : tensors_of(state)) {
    const auto array = running.cache_arrays.find(part.name);
    require_input(array != running.cache_arrays.end(), fmt::format("the step cache's state lacks {}", part.name));
    *part.tensor = tensor_of(array->second, shape.extents(part.stream), part.name);
  }
  return state;
}

void require_condition(const LatentFile& snapshot, const MediaShape& shape) {
  for (const auto& [stream, own] : shape.streams) {
    if (own.given.empty()) continue;
    const auto given = snapshot.condition.find(stream);
    const FloatArray found = given == snapshot.condition.end() ? FloatArray{} : given->second;
    require_shape(found.shape, own.given_extents(), "the condition");
  }
}

}  // namespace

std::string cache_counts(const StepCacheState& state) {
  if (state.branches.empty()) return "";
  Json branches = Json::array();
  for (const BranchCache& branch : state.branches) branches.push_back(counts_of(branch));
  return Json{{"computed", state.computed}, {"branches", branches}}.dump();
}

StepCacheState cache_of(const std::string& counts, const MediaShape& shape) {
  StepCacheState state;
  if (counts.empty()) return state;
  try {
    const Json json = parse_json(counts);
    state.computed = json.at("computed").get<std::vector<std::int64_t>>();
    for (const Json& branch : json.at("branches")) state.branches.push_back(branch_of(branch, shape));
  } catch (const Json::exception& e) {
    throw InputError(fmt::format("the step cache's state is not one: {}", e.what()));
  }
  return state;
}

void require_cache_of(const StepCacheState& state, const Request& request, const MediaShape& shape,
                      std::int64_t steps_done) {
  const StreamShape& video = shape.streams.at(Stream::Video);
  const bool is_cached = request.step_cache.on() && std::ssize(video.given) < video.steps();
  const std::size_t branches = is_cached ? static_cast<std::size_t>(request.branches()) : 0;
  require_input(
      state.branches.size() == branches,
      fmt::format("the step cache's state has {} guidance branches, expected {}", state.branches.size(), branches));
  for (std::size_t i = 0; i < branches; ++i) {
    require_input(is_possible(state.branches[i], request.step_cache, steps_done),
                  fmt::format("the step cache's state of branch {} cannot be that of step {}", i, steps_done));
  }
  require_input(are_past(state.computed, steps_done), "the step cache's state lists impossible steps");
}

std::vector<CacheTensor> tensors_of(StepCacheState& state) {
  std::vector<CacheTensor> tensors;
  for (std::size_t b = 0; b < state.branches.size(); ++b) {
    BranchCache& branch = state.branches[b];
    if (branch.shares.empty()) continue;  // the branch has not been called yet
    tensors.push_back({&branch.indicator, fmt::format("{}/indicator", b), Stream::Video});
    for (std::size_t s = 0; s < branch.shares.size(); ++s) {
      for (auto& [stream, tensor] : branch.shares[s].streams) {
        tensors.push_back({&tensor, fmt::format("{}/{}/{}", b, s, schema_of(stream).name), stream});
      }
    }
  }
  return tensors;
}

LatentFile snapshot_file(LatentFile clip, const DenoiseState& state) {
  require(state.steps_done() >= 1, "nothing can be resumed before the first step");
  const std::int64_t steps = std::ssize(clip.timesteps);
  clip.state = LatentFile::State::Running;
  RunningState& running = clip.running.emplace();
  running.step = static_cast<int>(state.steps_done());
  for (const auto& [stream, latents] : state.latents) {
    clip.latents[stream] = batch_of_one(latents);
    running.histories[stream] = history_of(state.samplers.at(stream), steps);
  }
  StepCacheState cache = state.cache;
  running.cache = cache_counts(cache);
  for (const CacheTensor& part : tensors_of(cache)) running.cache_arrays[part.name] = batch_of_one(*part.tensor);
  return clip;
}

DenoiseState state_of(const LatentFile& snapshot, const Request& request, const MediaShape& shape) {
  require_input(snapshot.running.has_value(), "not a snapshot: its clip is finished");
  const RunningState& running = *snapshot.running;
  const std::int64_t steps = std::ssize(snapshot.timesteps);
  const bool renoises = Schedule{snapshot.sigmas, snapshot.timesteps}.renoises();
  require_input(running.step >= 1 && running.step < steps,
                fmt::format("the snapshot is of step {} of {}", running.step, steps));
  require_condition(snapshot, shape);
  DenoiseState state;
  for (const StreamSchema& schema : kStreams) {
    const auto own = shape.streams.find(schema.stream);
    const bool expected = own != shape.streams.end();
    require_input(snapshot.latents.contains(schema.stream) == expected,
                  fmt::format("it should have {} just when the clip has", schema.name));
    if (!expected) continue;
    const std::vector<std::int64_t>& extents = own->second.extents;
    const std::string what = fmt::format("the {}", schema.name);
    state.latents[schema.stream] = tensor_of(snapshot.latents.at(schema.stream), extents, what);
    state.samplers[schema.stream] = sampler_state(running.step, renoises, running.histories.at(schema.stream), extents);
  }
  state.cache = cache_state(running, request, shape);
  return state;
}

}  // namespace orrery
