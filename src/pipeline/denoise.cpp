#include "pipeline/denoise.h"

#include <c10/util/accumulate.h>

#include <utility>

#include "sampler/noise.h"
#include "sampler/unipc.h"

namespace orrery {

at::Tensor video_noise(std::uint32_t seed, at::IntArrayRef latent_shape, at::Device device) {
  const std::vector<float> values = numpy_normal(seed, c10::multiply_integers(latent_shape));
  return at::tensor(values, at::kFloat).view(latent_shape).to(device);
}

at::Tensor denoise(const GuidedModel& model, const Schedule& schedule, at::Tensor noise, const StepObserver& observer) {
  UniPc sampler(schedule.sigmas);
  at::Tensor latent = std::move(noise);
  for (std::size_t step = 0; step < schedule.timesteps.size(); ++step) {
    const at::Tensor velocity = model.velocity(latent, static_cast<double>(schedule.timesteps[step]));
    latent = sampler.step(velocity, latent);
    observer(static_cast<std::int64_t>(step), latent);
  }
  return latent;
}

}  // namespace orrery
