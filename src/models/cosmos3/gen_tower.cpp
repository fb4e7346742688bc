#include "models/cosmos3/gen_tower.h"

#include <algorithm>
#include <utility>

#include "base/core/error.h"
#include "models/cosmos3/positions.h"
#include "models/kernels/patches.h"
#include "models/nn/phase.h"

namespace orrery {

std::vector<TokenRun> token_runs(std::int64_t frames, std::int64_t frame_tokens,
                                 const std::vector<std::int64_t>& given) {
  std::vector<TokenRun> runs;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    const bool noisy = std::find(given.begin(), given.end(), frame) == given.end();
    if (runs.empty() || runs.back().noisy != noisy) runs.push_back({{frame * frame_tokens, 0}, noisy});
    runs.back().tokens.size += frame_tokens;
  }
  return runs;
}

GenTower::SoundLayers::SoundLayers(const Weights& transformer, const Cosmos3Config& c)
    : proj_in(transformer / "audio_proj_in", c.sound_dim, c.hidden_size, Bias::Yes),
      modality(transformer.take("audio_modality_embed", {c.hidden_size})),
      proj_out(transformer / "audio_proj_out", c.hidden_size, c.sound_dim, Bias::Yes) {}

void GenTower::SoundLayers::embed_into(const at::Tensor& tokens, const at::Tensor& sound,
                                       const at::Tensor& time) const {
  proj_in.into(tokens, sound.transpose(0, 1).to(modality.scalar_type()), time + modality);
}

at::Tensor GenTower::SoundLayers::velocity(const at::Tensor& tokens) const {
  return proj_out(tokens).to(at::kFloat).transpose(0, 1).contiguous();
}

at::Tensor GenTower::SoundLayers::without_layers(const at::Tensor& sound, const at::Tensor& time) const {
  return proj_in.then(proj_out, sound.transpose(0, 1), time + modality).transpose(0, 1).contiguous();
}

GenTower::GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, RowFormat products,
                   const Attention& attention)
    : config_(config),
      device_(transformer.device()),
      dtype_(transformer.dtype()),
      proj_in_(transformer / "proj_in", config.patch_width(), config.hidden_size, Bias::Yes),
      time_embedder_(transformer / "time_embedder", config),
      norm_out_(transformer, "norm_moe_gen", config.hidden_size, config.rms_norm_eps),
      proj_out_(transformer / "proj_out", config.hidden_size, config.patch_width(), Bias::Yes),
      tp_(&tp) {
  if (config.sound_gen) sound_.emplace(transformer, config);
  blocks_.reserve(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const bool outer = i == 0 || i + 1 == config.num_hidden_layers;
    blocks_.emplace_back(transformer / "layers" / i, TowerNames::gen(), config, outer ? RowFormat::Plain : products,
                         attention);
  }
}

Branch GenTower::prepare(TextCache text, const MediaShape& shape) const {
  require(shape.sound_steps == 0 || sound_.has_value(), "sound was asked of a transformer without sound layers");
  const VideoGrid grid = patch_grid(shape.video);
  RopeTable rope = video_rope(config_, grid, shape.fps, text.tokens, device_, dtype_);
  if (shape.sound_steps > 0) {
    const RopeTable sound =
        rope_table(config_, sound_positions(config_, shape.sound_steps, text.tokens), device_, dtype_);
    rope = {at::cat({rope.cos, sound.cos}), at::cat({rope.sin, sound.sin})};
  }
  return {std::move(text), std::move(rope), token_runs(grid.frames, grid.rows * grid.columns, shape.condition_frames)};
}

// The timestep goes into the products as a part of their bias: noisy tokens are told it, given ones are not.
at::Tensor GenTower::embed(const MediaLatents& latents, double timestep, const Branch& branch) const {
  const at::Tensor patches = phase("patchify", [&] { return patchify(latents.video, dtype_); });
  const std::int64_t sound_tokens = latents.has_sound() ? latents.sound.size(1) : 0;
  at::Tensor x = at::empty({patches.size(0) + sound_tokens, config_.hidden_size}, patches.options());
  phase("embed", [&] {
    const at::Tensor time = time_embedder_(timestep);
    for (const auto& [tokens, noisy] : branch.video) {
      proj_in_.into(x.narrow(0, tokens.begin, tokens.size), patches.narrow(0, tokens.begin, tokens.size),
                    noisy ? time : at::Tensor());
    }
    if (sound_tokens > 0) sound_->embed_into(x.narrow(0, patches.size(0), sound_tokens), latents.sound, time);
  });
  return x;
}

MediaLatents GenTower::operator()(const MediaLatents& latents, double timestep, const Branch& branch) const {
  Residual stream(embed(latents, timestep, branch), *tp_);  // (tokens, hidden)
  for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].joint(stream, branch.text.layers[i], branch.rope);
  const at::Tensor x = phase("residual + norm out", [&] { return normed_whole(stream); });
  return velocities(x, latents);
}

// Both projections in one: what lies between them is twenty times as wide as the latents.
MediaLatents GenTower::without_layers(const MediaLatents& latents, double timestep, const Branch& branch) const {
  const at::Tensor time = time_embedder_(timestep);
  const at::Tensor patches = patchify(latents.video, at::kFloat);
  std::vector<at::Tensor> rows;
  for (const auto& [tokens, noisy] : branch.video) {
    rows.push_back(proj_in_.then(proj_out_, rows_of(patches, tokens), noisy ? time : at::Tensor()));
  }
  MediaLatents velocity{unpatchify(at::cat(rows), latents.video.sizes()), {}};
  if (latents.has_sound()) velocity.sound = sound_->without_layers(latents.sound, time);
  return velocity;
}

at::Tensor GenTower::normed_whole(Residual& stream) const {
  std::vector<at::Tensor> parts;
  for (const Range& part : stream.parts()) parts.push_back(stream.norm(part, norm_out_, RowFormat::Plain).data);
  return parts.size() == 1 ? parts.front() : at::cat(parts);
}

MediaLatents GenTower::velocities(const at::Tensor& x, const MediaLatents& latents) const {
  const std::int64_t video_tokens = patch_grid(latents.video.sizes()).tokens();
  const at::Tensor tokens = phase("project out", [&] { return proj_out_(x.narrow(0, 0, video_tokens)); });
  MediaLatents velocity;
  velocity.video = phase("unpatchify", [&] { return unpatchify(tokens, latents.video.sizes()); });
  if (latents.has_sound()) {
    velocity.sound =
        phase("sound out", [&] { return sound_->velocity(x.narrow(0, video_tokens, latents.sound.size(1))); });
  }
  return velocity;
}

}  // namespace orrery
