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
  if (!start.condition.frames.empty()) file.condition = to_array(start.condition.latents.unsqueeze(0));
  return file;
}

LatentFile finished_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start,
                         const MediaLatents& latents) {
  LatentFile file = clip_file(settings, job, start);
  file.video = to_array(latents.video.unsqueeze(0));
  if (latents.has_sound()) file.sound = to_array(latents.sound.unsqueeze(0));
  return file;
}

MediaLatents latents_of(const LatentFile& file) {
  MediaLatents latents{to_tensor(file.video).squeeze(0), {}};
  if (file.sound) latents.sound = to_tensor(*file.sound).squeeze(0);
  return latents;
}

void remove_if_there(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

}  // namespace orrery
