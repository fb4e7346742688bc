#include "pipeline/cache_state.h"

#include <fmt/format.h>

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
