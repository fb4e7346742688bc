#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// One of `count` parts of a manifest, each made by a separate run.
struct ManifestShard {
  std::int64_t index = 0;  // from 0
  std::int64_t count = 1;

  bool is_whole() const { return count == 1; }
  std::string text() const;  // "2/8", as --shard takes it
  // The suffix of the names of this part's own files in OUT: "-2-of-8"; "" for the whole manifest.
  std::string suffix() const;
  friend bool operator==(const ManifestShard&, const ManifestShard&) = default;
};

// Parses "I/N", I from 0 to N - 1. Throws InputError(reason).
ManifestShard parse_shard(const std::string& text);

// Returns the value of an environment variable, or none.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> environment_variable(const char* name);

// The shard of this task of a Slurm job array: its position among the array's tasks. None outside job arrays. Throws
// InputError when the array's task ids are not evenly spaced, since the position is then unknown.
std::optional<ManifestShard> slurm_array_shard(const Environment& variable = environment_variable);

// Estimates a clip's time in arbitrary units.
double work_of(const Request& request);

// The shard (from 0) of each request when `count` shards share a manifest. Clips that continue each other are in one
// shard; otherwise the work is balanced. The result depends only on the requests and `count`, so that the runs of all
// shards agree.
std::vector<std::int64_t> shards_of(const std::vector<Request>& requests, std::int64_t count);

}  // namespace orrery
