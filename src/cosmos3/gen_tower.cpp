#include "cosmos3/gen_tower.h"

#include <utility>

#include "core/error.h"
#include "cosmos3/patches.h"
#include "nn/phase.h"

namespace orrery {

GenTower::SoundLayers::SoundLayers(const Weights& transformer, const Cosmos3Config& c)
    : proj_in(transformer / "audio_proj_in", c.sound_dim, c.hidden_size, Bias::Yes),
      modality(transformer.take("audio_modality_embed", {c.hidden_size})),
      proj_out(transformer / "audio_proj_out", c.hidden_size, c.sound_dim, Bias::Yes) {}

at::Tensor GenTower::SoundLayers::tokens(const at::Tensor& sound) const {
  return proj_in(sound.transpose(0, 1).to(modality.scalar_type())).add_(modality);
}

at::Tensor GenTower::SoundLayers::velocity(const at::Tensor& tokens) const {
  return proj_out(tokens).to(at::kFloat).transpose(0, 1).contiguous();
}

GenTower::GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp)
    : config_(config),
      device_(transformer.device()),
      dtype_(transformer.dtype()),
      proj_in_(transformer / "proj_in", config.patch_width(), config.hidden_size, Bias::Yes),
      time_embedder_(transformer / "time_embedder", config),
      norm_out_(transformer, "norm_moe_gen", config.hidden_size, config.rms_norm_eps),
      proj_out_(transformer / "proj_out", config.hidden_size, config.patch_width(), Bias::Yes) {
  if (config.sound_gen) sound_.emplace(transformer, config);
  blocks_.reserve(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    blocks_.emplace_back(transformer / "layers" / i, TowerNames::gen(), config, tp);
  }
}

Branch GenTower::prepare(TextCache text, const MediaShape& shape) const {
  require(shape.sound_steps == 0 || sound_.has_value(), "sound was asked of a transformer without sound layers");
  const VideoGrid grid = patch_grid(shape.video);
  at::Tensor positions = video_positions(config_, grid, shape.fps, text.tokens);
  if (shape.sound_steps > 0) {
    positions = at::cat({positions, sound_positions(config_, shape.sound_steps, text.tokens)}, 1);
  }
  Branch branch{std::move(text), rope_table(config_, positions, device_, dtype_), {}};
  if (!shape.condition_frames.empty()) {
    at::Tensor noisy = at::ones({positions.size(1), 1}, at::kFloat);
    const std::int64_t frame_tokens = grid.rows * grid.columns;
    for (const std::int64_t frame : shape.condition_frames) noisy.narrow(0, frame * frame_tokens, frame_tokens).zero_();
    branch.noisy = noisy.to(device_, dtype_);
  }
  return branch;
}

at::Tensor GenTower::embed(const MediaLatents& latents, double timestep, const Branch& branch) const {
  at::Tensor x = proj_in_(patchify(latents.video).to(dtype_));  // (video tokens, hidden)
  if (latents.has_sound()) x = at::cat({x, sound_->tokens(latents.sound)});
  const at::Tensor time = time_embedder_(timestep).to(dtype_);
  return branch.noisy.defined() ? x.addcmul_(branch.noisy, time) : x.add_(time);
}

MediaLatents GenTower::operator()(const MediaLatents& latents, double timestep, const Branch& branch) const {
  Residual stream{phase("embed", [&] { return embed(latents, timestep, branch); }), {}};  // (tokens, hidden)
  for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].joint(stream, branch.text.layers[i], branch.rope);
  const at::Tensor x = phase("residual + norm out", [&] { return norm_out_(stream.x, stream.delta); });
  return phase("project out", [&] { return velocities(x, latents); });
}

MediaLatents GenTower::velocities(const at::Tensor& x, const MediaLatents& latents) const {
  const std::int64_t video_tokens = patch_grid(latents.video.sizes()).tokens();
  MediaLatents velocity;
  velocity.video = unpatchify(proj_out_(x.narrow(0, 0, video_tokens)).to(at::kFloat), latents.video.sizes());
  if (latents.has_sound()) velocity.sound = sound_->velocity(x.narrow(0, video_tokens, latents.sound.size(1)));
  return velocity;
}

}  // namespace orrery
