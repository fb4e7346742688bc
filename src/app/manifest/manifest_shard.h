#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// One of `count` parts of a manifest, each of which is a run of its own.
struct ManifestShard {
  std::int64_t index = 0;  // from 0
  std::int64_t count = 1;

  bool is_whole() const { return count == 1; }
  std::string text() const;  // "2/8", as --shard takes it
  // What the names of this part's own files in OUT end in: "-2-of-8", and "" for the whole manifest.
  std::string suffix() const;
  friend bool operator==(const ManifestShard&, const ManifestShard&) = default;
};

// "I/N", I from 0 to N - 1. Throws InputError(reason).
ManifestShard parse_shard(const std::string& text);

// A variable of the environment, or none.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> environment_variable(const char* name);

// The shard of a task of a Slurm job array: its position among the array's tasks. None outside of arrays. Throws
// InputError when the array's ids are not evenly spaced, since Slurm does not tell a position then.
std::optional<ManifestShard> slurm_array_shard(const Environment& variable = environment_variable);

// Estimates a clip's time, in no particular unit.
double work_of(const Request& request);

// The shard, from 0, of every request when `count` shards share a manifest. Clips that continue each other stay
// together; beyond that the work is even. The answer depends on the requests and `count` alone, so that every shard's
// run comes to the same one.
std::vector<std::int64_t> shards_of(const std::vector<Request>& requests, std::int64_t count);

}  // namespace orrery
