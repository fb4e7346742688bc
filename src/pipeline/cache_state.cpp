#include "pipeline/cache_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/core/error.h"
#include "base/core/json.h"

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

// Steps of the past, in order.
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
  const std::size_t branches = !is_cached ? 0 : request.guided() ? 2 : 1;
  require_input(state.branches.size() == branches,
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
    if (branch.shares.empty()) continue;  // not called yet
    tensors.push_back({&branch.indicator, fmt::format("{}/indicator", b), Stream::Video});
    for (std::size_t s = 0; s < branch.shares.size(); ++s) {
      for (auto& [stream, tensor] : branch.shares[s].streams) {
        tensors.push_back({&tensor, fmt::format("{}/{}/{}", b, s, schema_of(stream).name), stream});
      }
    }
  }
  return tensors;
}

}  // namespace orrery
