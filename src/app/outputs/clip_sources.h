#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/zoo/checkpoint_files.h"
#include "pipeline/clip_job.h"
#include "pipeline/recipe.h"

namespace orrery {

// Identifies what clips are made from by content instead of path. For rank 0; not thread-safe.
class ClipSources {
 public:
  // `jobs` are all jobs that will be added. Those that other jobs continue need a recipe.
  ClipSources(const std::vector<ClipJob>& jobs, const Recipe& recipe, const CheckpointFiles& checkpoint);

  // Sets job.parent_recipe. Call it once for each job in the manifest's order, in which a clip comes after the one that
  // it continues.
  void add(ClipJob& job);

  // The checksum of a file's bytes; "" when it cannot be read. Each path is read once.
  const std::string& content(const std::filesystem::path& file);

 private:
  std::string recipe_of(const ClipJob& job);

  Recipe recipe_;
  Json model_;
  std::set<std::string> parents_;               // ids
  std::map<std::string, std::string> recipes_;  // by id, of the parents
  std::map<std::filesystem::path, std::string> contents_;
};

// The request of a latent file or a job without the paths of files whose content `inputs` records. Returns JSON that is
// not an object unchanged.
Json without_known_paths(Json request, const Json& inputs);

}  // namespace orrery
