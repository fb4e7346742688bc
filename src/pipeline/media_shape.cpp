#include "pipeline/media_shape.h"

namespace orrery {

MediaShape media_shape(const Request& request, std::int64_t channels) {
  MediaShape shape;
  shape.video = {channels, request.latent_frames(), request.height / 16, request.width / 16};
  shape.sound_steps = request.sound_steps();
  shape.fps = request.fps;
  if (request.conditioned()) shape.condition_frames = request.condition_frames;
  return shape;
}

}  // namespace orrery
