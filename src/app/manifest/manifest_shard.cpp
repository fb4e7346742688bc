#include "app/manifest/manifest_shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <numeric>
#include <queue>
#include <utility>

#include "base/core/error.h"
#include "base/core/numbers.h"
#include "pipeline/chunks.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostShards = 1'000'000;

constexpr const char* kArrayId = "SLURM_ARRAY_TASK_ID";
constexpr const char* kArrayCount = "SLURM_ARRAY_TASK_COUNT";
constexpr const char* kArrayMin = "SLURM_ARRAY_TASK_MIN";
constexpr const char* kArrayStep = "SLURM_ARRAY_TASK_STEP";

// Requests that one run must make together, and the sum of their work.
struct Chain {
  std::vector<std::size_t> members;
  double work = 0;
};

// The chains in the order of their first members. Requires that parents precede their children.
std::vector<Chain> chains_of(const std::vector<Request>& requests) {
  std::vector<Chain> chains;
  std::map<std::string, std::size_t> chain_of_id;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto parent = chain_of_id.find(requests[i].parent);
    const std::size_t chain = parent == chain_of_id.end() ? chains.size() : parent->second;
    if (chain == chains.size()) chains.emplace_back();
    chains[chain].members.push_back(i);
    chains[chain].work += work_of(requests[i]);
    chain_of_id.emplace(requests[i].id, chain);
  }
  return chains;
}

}  // namespace

// Linear layers cost in proportion to the tokens, attention in proportion to their square; in the published models both
// cost the same at about 24,000 tokens. Decoding and everything else count as kOtherSteps steps.
double work_of(const Request& request) {
  if (request.is_long()) {
    const std::vector<Request> parts = parts_of(request);
    return std::accumulate(parts.begin(), parts.end(), 0.0,
                           [](double work, const Request& part) { return work + work_of(part); });
  }
  constexpr double kTokensOfEqualCost = 24'000;
  constexpr double kOtherSteps = 8;
  const auto tokens = static_cast<double>(request.tokens());
  const double steps = static_cast<double>(request.steps * request.branches()) + kOtherSteps;
  return steps * tokens * (tokens + kTokensOfEqualCost);
}

std::string ManifestShard::text() const { return fmt::format("{}/{}", index, count); }

std::string ManifestShard::suffix() const { return is_whole() ? "" : fmt::format("-{}-of-{}", index, count); }

ManifestShard parse_shard(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto number = [&](std::string_view part) {
    const std::optional<std::int64_t> value = parse_integer(part);
    require_input(value.has_value(), fmt::format("\"{}\" is not I/N, for example 0/8 for the first of 8 shards", text));
    return value.value_or(0);
  };
  const std::int64_t index = number(std::string_view(text).substr(0, slash));
  const std::int64_t count = number(std::string_view(text).substr(std::min(slash + 1, text.size())));
  require_input(count >= 1 && count <= kMostShards, fmt::format("\"{}\": N is outside 1 to {}", text, kMostShards));
  require_input(index >= 0 && index < count,
                fmt::format("\"{}\": shards are counted from 0, so I goes from 0 to {}", text, count - 1));
  return {index, count};
}

std::optional<std::string> environment_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<ManifestShard> slurm_array_shard(const Environment& variable) {
  if (!variable(kArrayId)) return std::nullopt;
  const auto number = [&](const char* name) {
    const std::optional<std::string> text = variable(name);
    const std::optional<std::int64_t> value = text ? parse_integer(*text) : std::nullopt;
    require_input(value.has_value(), std::string(kArrayId) + " is set, but " + name + " is " +
                                         (text ? "\"" + *text + "\"" : "not") +
                                         ": expected what Slurm gives a job array; give --shard I/N");
    return *value;
  };
  const std::int64_t offset = number(kArrayId) - number(kArrayMin);
  const std::int64_t count = number(kArrayCount);
  const std::int64_t step = variable(kArrayStep) ? number(kArrayStep) : 1;
  const bool even = count >= 1 && step >= 1 && offset >= 0 && offset % step == 0 && offset / step < count;
  require_input(even,
                fmt::format("{} {} has no place among {} evenly spaced tasks: use an array such as 0-7 or 0-14:2, "
                            "or give --shard I/N",
                            kArrayId, *variable(kArrayId), count));
  return parse_shard(ManifestShard{offset / step, count}.text());
}

std::vector<std::int64_t> shards_of(const std::vector<Request>& requests, std::int64_t count) {
  const std::vector<Chain> chains = chains_of(requests);
  std::vector<std::size_t> order(chains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return chains[a].work > chains[b].work; });

  // Assigns the longest chains first, each to the shard with the least work so far.
  using Load = std::pair<double, std::int64_t>;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (std::int64_t shard = 0; shard < count; ++shard) loads.emplace(0, shard);
  std::vector<std::int64_t> shards(requests.size());
  for (const std::size_t chain : order) {
    const auto [load, shard] = loads.top();
    loads.pop();
    for (const std::size_t member : chains[chain].members) shards[member] = shard;
    loads.emplace(load + chains[chain].work, shard);
  }
  return shards;
}

}  // namespace orrery
