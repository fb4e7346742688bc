#include "cosmos3/positions.h"

namespace orrery {
namespace {

// Which position each of the head_dim / 2 slots follows: 0 = t, 1 = h, 2 = w, interleaved t h w t h w … while the
// sections of h and w last.
at::Tensor slot_axes(const Cosmos3Config& config) {
  const std::int64_t slots = config.head_dim / 2;
  at::Tensor axes = at::zeros({slots}, at::kLong);
  std::int64_t* axis = axes.mutable_data_ptr<std::int64_t>();
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const std::int64_t candidate = slot % 3;
    if (candidate != 0 && slot < 3 * config.mrope_section[static_cast<std::size_t>(candidate)]) axis[slot] = candidate;
  }
  return axes;
}

at::Tensor inverse_frequencies(const Cosmos3Config& config) {
  const at::Tensor exponents = at::arange(0, config.head_dim, 2, at::kFloat) / static_cast<double>(config.head_dim);
  return at::reciprocal(at::pow(config.rope_theta, exponents));
}

}  // namespace

VideoGrid patch_grid(at::IntArrayRef latent_shape) {
  return {latent_shape[1], (latent_shape[2] + 1) / 2, (latent_shape[3] + 1) / 2};
}

at::Tensor text_positions(std::int64_t tokens) {
  return at::arange(tokens, at::kFloat).expand({3, tokens}).contiguous();
}

at::Tensor video_positions(const Cosmos3Config& config, const VideoGrid& grid, double fps, std::int64_t text_tokens) {
  const double offset = static_cast<double>(text_tokens) + config.temporal_margin;
  at::Tensor t = at::arange(grid.frames, at::kFloat);
  if (config.enable_fps_modulation && grid.frames > 1) t = t / (fps / 4) * (config.base_fps / 4);
  t = t + offset;
  const std::vector<std::int64_t> shape{grid.frames, grid.rows, grid.columns};
  const at::Tensor rows = at::arange(grid.rows, at::kFloat);
  const at::Tensor columns = at::arange(grid.columns, at::kFloat);
  return at::stack({t.view({-1, 1, 1}).expand(shape), rows.view({1, -1, 1}).expand(shape),
                    columns.view({1, 1, -1}).expand(shape)})
      .reshape({3, -1});
}

at::Tensor sound_positions(const Cosmos3Config& config, std::int64_t steps, std::int64_t text_tokens) {
  at::Tensor t = at::arange(steps, at::kFloat);
  if (steps > 1) t = t / config.sound_latent_fps * config.base_fps;
  t = t + (static_cast<double>(text_tokens) + config.temporal_margin);
  return at::stack({t, at::zeros_like(t), at::zeros_like(t)});
}

RopeTable rope_table(const Cosmos3Config& config, const at::Tensor& positions, at::Device device,
                     at::ScalarType dtype) {
  const at::Tensor per_slot = positions.index_select(0, slot_axes(config)).transpose(0, 1);  // (tokens, slots)
  const at::Tensor angles = per_slot * inverse_frequencies(config);
  const at::Tensor both = at::cat({angles, angles}, -1).unsqueeze(1);
  return {both.cos().to(device, dtype), both.sin().to(device, dtype)};
}

}  // namespace orrery
