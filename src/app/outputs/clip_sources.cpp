#include "app/outputs/clip_sources.h"

#include "app/manifest/manifest.h"
#include "base/core/file_content.h"
#include "pipeline/clip_file.h"

namespace orrery {

Json without_known_paths(Json request, const Json& inputs) {
  if (!request.is_object()) return request;
  for (const auto& [key, content] : inputs.items()) {
    // Keeps the key without its path, since another number of files is another request.
    if (request.contains(key)) request[key] = nullptr;
  }
  return request;
}

ClipSources::ClipSources(const std::vector<ClipJob>& jobs, const Recipe& recipe, const CheckpointFiles& checkpoint)
    : recipe_(recipe), model_(checkpoint.description()) {
  for (const ClipJob& job : jobs) {
    if (!job.request.parent.empty()) parents_.insert(job.request.parent);
    for (const ClipJob& chunk : job.chunks) parents_.insert(chunk.request.parent);
  }
}

void ClipSources::add(ClipJob& job) {
  if (const auto parent = recipes_.find(job.request.parent); parent != recipes_.end()) {
    job.parent_recipe = parent->second;
  }
  if (parents_.contains(job.request.id)) recipes_[job.request.id] = recipe_of(job);
  for (ClipJob& chunk : job.chunks) add(chunk);
}

const std::string& ClipSources::content(const std::filesystem::path& file) {
  const auto [found, is_new] = contents_.try_emplace(file);
  if (is_new) found->second = content_of(file);
  return found->second;
}

std::string ClipSources::recipe_of(const ClipJob& job) {
  if (!job.refusal.empty()) return "";  // the clip will not be made
  Json inputs = Json::object();
  for (const RequestFile& file : job.request.input_files()) inputs[file.key] = content(file.path);
  Json recipe{{"request", without_known_paths(manifest_json(job.request), inputs)},
              {"inputs", inputs},
              {"parent", job.parent_recipe},
              {"transformer", model_["transformer_fingerprint"]},
              {"vae", model_["vae_fingerprint"]},
              {"sound_steps", job.request.sound_steps()},
              {"cond", job.ids.cond},
              {"uncond", job.ids.uncond},
              {"sigmas", make_schedule(recipe_.schedule, job.request.steps, job.request.flow_shift).sigmas}};
  add_identity(recipe_, recipe);
  const std::string text = recipe.dump(-1, ' ', false, Json::error_handler_t::replace);
  return checksum(text.data(), text.size());
}

}  // namespace orrery
