#include "pipeline/cache_state.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/core/error.h"
#include "base/core/json.h"

namespace orrery {
namespace {

constexpr std::array<const char*, 2> kStreams{"video", "sound"};

Json counts_of(const BranchCache& branch) {
  Json steps = Json::array();
  for (const LayersShare& share : branch.shares) steps.push_back(share.step);
  return {{"change", branch.skips.change}, {"skips", branch.skips.steps}, {"steps", steps}};
}

BranchCache branch_of(const Json& counts, std::size_t streams) {
  BranchCache branch;
  branch.skips = {counts.at("change").get<double>(), counts.at("skips").get<std::int64_t>()};
  for (const Json& step : counts.at("steps")) {
    branch.shares.push_back({step.get<std::int64_t>(), std::vector<at::Tensor>(streams)});
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

StepCacheState cache_of(const std::string& counts, std::size_t streams) {
  StepCacheState state;
  if (counts.empty()) return state;
  try {
    const Json json = parse_json(counts);
    state.computed = json.at("computed").get<std::vector<std::int64_t>>();
    for (const Json& branch : json.at("branches")) state.branches.push_back(branch_of(branch, streams));
  } catch (const Json::exception& e) {
    throw InputError(std::string("the step cache's state is not one: ") + e.what());
  }
  return state;
}

std::vector<CacheTensor> tensors_of(StepCacheState& state) {
  std::vector<CacheTensor> tensors;
  for (std::size_t b = 0; b < state.branches.size(); ++b) {
    BranchCache& branch = state.branches[b];
    if (branch.shares.empty()) continue;  // not called yet
    const std::string name = fmt::format("{}/", b);
    tensors.push_back({&branch.indicator, name + "indicator", 0});
    for (std::size_t s = 0; s < branch.shares.size(); ++s) {
      std::vector<at::Tensor>& streams = branch.shares[s].streams;
      for (std::size_t i = 0; i < streams.size(); ++i) {
        tensors.push_back({&streams[i], fmt::format("{}{}/{}", name, s, kStreams.at(i)), i});
      }
    }
  }
  return tensors;
}

}  // namespace orrery
