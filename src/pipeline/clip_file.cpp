#include "pipeline/clip_file.h"

#include <system_error>
#include <utility>

#include "base/core/error.h"
#include "base/core/file_content.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "pipeline/arrays.h"

namespace orrery {

std::string content_of(const std::filesystem::path& file) {
  try {
    return file_checksum(file);
  } catch (const InputError&) {
    return "";
  }
}

std::string clip_inputs(const Request& request, const ParentContent& parent) {
  Json inputs = Json::object();
  for (const RequestFile& file : request.input_files()) {
    const std::string content = content_of(file.path);
    if (!content.empty()) inputs[file.key] = content;
  }
  if (!request.parent.empty()) inputs["parent"] = {{"latents", parent.latents}, {"recipe", parent.recipe}};
  return inputs.empty() ? "" : inputs.dump();
}

LatentFile clip_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start) {
  Schedule schedule = make_schedule(settings.recipe.schedule, job.request.steps, job.request.flow_shift);
  LatentFile file;
  file.request = job.request_json;
  file.inputs = start.inputs;
  file.model = settings.model_json;
  file.software = settings.software;
  file.created = utc_now();
  file.cond_ids = job.ids.cond;
  file.uncond_ids = job.ids.uncond;
  file.sigmas = std::move(schedule.sigmas);
  file.timesteps = std::move(schedule.timesteps);
  for (const auto& [stream, given] : start.conditions) file.condition[stream] = to_array(given.latents.unsqueeze(0));
  return file;
}

LatentFile finished_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start,
                         const MediaLatents& latents) {
  LatentFile file = clip_file(settings, job, start);
  for (const auto& [stream, own] : latents) file.latents[stream] = to_array(own.unsqueeze(0));
  return file;
}

MediaLatents latents_of(const LatentFile& file) {
  MediaLatents latents;
  for (const auto& [stream, array] : file.latents) latents[stream] = to_tensor(array).squeeze(0);
  return latents;
}

void remove_if_there(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

}  // namespace orrery
