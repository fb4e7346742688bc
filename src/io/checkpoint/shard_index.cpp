#include "io/checkpoint/shard_index.h"

#include <algorithm>

#include "base/core/error.h"
#include "base/core/json.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// Refuses names that lead out of the folder. Links are followed, since download caches store shards as links.
void require_inside(const std::string& shard, const std::string& tensor, const fs::path& index) {
  const fs::path path(shard);
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  require_input(!shard.empty() && path.is_relative() && !climbs,
                index.string() + ": tensor " + tensor + ": shard \"" + shard + "\" lies outside the index's folder");
}

}  // namespace

std::map<std::string, std::string> read_shard_index(const fs::path& index) {
  const SortedJson json = parse_sorted_json_file(index);
  const bool sound = json.is_object() && json.contains("weight_map") && json["weight_map"].is_object();
  require_input(sound, index.string() + ": no object \"weight_map\" that says which shard holds each tensor");
  std::map<std::string, std::string> result;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    require_input(shard.is_string(),
                  index.string() + ": tensor " + tensor + ": its shard is " + shard.dump() + ", expected a file name");
    const auto& file = shard.get_ref<const std::string&>();
    require_inside(file, tensor, index);
    result.emplace(tensor, file);
  }
  require_input(!result.empty(), index.string() + ": \"weight_map\" is empty");
  return result;
}

}  // namespace orrery
