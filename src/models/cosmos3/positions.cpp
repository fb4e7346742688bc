#include "models/cosmos3/stream_layers.h"

namespace orrery {
namespace {

// The position that each of the head_dim / 2 slots uses (0 = t, 1 = h, 2 = w): interleaved t h w t h w … until the
// sections of h and w are used up.
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

// The t positions of latent frames: (frames) float32.
at::Tensor frame_positions(const Cosmos3Config& config, std::int64_t frames, double fps, std::int64_t text_tokens) {
  at::Tensor t = at::arange(frames, at::kFloat);
  if (config.enable_fps_modulation && frames > 1) t = t / (fps / 4) * (config.base_fps / 4);
  return t + (static_cast<double>(text_tokens) + config.temporal_margin);
}

}  // namespace

VideoGrid patch_grid(at::IntArrayRef latent_shape) {
  return {latent_shape[1], (latent_shape[2] + 1) / 2, (latent_shape[3] + 1) / 2};
}

at::Tensor text_positions(std::int64_t tokens) {
  return at::arange(tokens, at::kFloat).expand({3, tokens}).contiguous();
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

RopeTable video_rope(const Cosmos3Config& config, const VideoGrid& grid, double fps, std::int64_t text_tokens,
                     at::Device device, at::ScalarType dtype) {
  const auto table = [&](const at::Tensor& places) {
    return rope_table(config, places.expand({3, places.size(0)}), device, dtype);
  };
  const RopeTable t = table(frame_positions(config, grid.frames, fps, text_tokens));
  const RopeTable h = table(at::arange(grid.rows, at::kFloat));
  const RopeTable w = table(at::arange(grid.columns, at::kFloat));
  const at::Tensor axes = slot_axes(config).repeat({2}).to(device);
  const at::Tensor by_t = axes.eq(0), by_h = axes.eq(1);
  const auto spread = [&](const at::Tensor& frames, const at::Tensor& rows, const at::Tensor& columns) {
    const at::Tensor in_picture = at::where(by_h, rows, columns.view({1, grid.columns, -1}));
    return at::where(by_t, frames.view({grid.frames, 1, 1, -1}), in_picture).view({grid.tokens(), 1, -1});
  };
  return {spread(t.cos, h.cos, w.cos), spread(t.sin, h.sin, w.sin)};
}

}  // namespace orrery
