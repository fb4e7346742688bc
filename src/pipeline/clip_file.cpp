#include "pipeline/clip_file.h"

#include <system_error>
#include <utility>

#include "base/core/numbers.h"
#include "pipeline/arrays.h"

namespace orrery {

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
