#include "cosmos3/gen_tower.h"

#include <utility>

#include "cosmos3/patches.h"

namespace orrery {

GenTower::GenTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp)
    : config_(config),
      device_(transformer.device()),
      dtype_(transformer.dtype()),
      proj_in_(transformer / "proj_in", config.patch_width(), config.hidden_size, Bias::Yes),
      time_embedder_(transformer / "time_embedder", config),
      norm_out_(transformer, "norm_moe_gen", config.hidden_size, config.rms_norm_eps),
      proj_out_(transformer / "proj_out", config.hidden_size, config.patch_width(), Bias::Yes) {
  blocks_.reserve(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    blocks_.emplace_back(transformer / "layers" / i, TowerNames::gen(), config, tp);
  }
}

Branch GenTower::prepare(TextCache text, at::IntArrayRef latent_shape, double fps) const {
  const at::Tensor positions = video_positions(config_, patch_grid(latent_shape), fps, text.tokens);
  return {std::move(text), rope_table(config_, positions, device_, dtype_)};
}

at::Tensor GenTower::operator()(const at::Tensor& latent, double timestep, const Branch& branch) const {
  at::Tensor x = proj_in_(patchify(latent).to(dtype_));  // (tokens, hidden)
  x.add_(time_embedder_(timestep).to(dtype_));
  for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].joint(x, branch.text.layers[i], branch.rope);
  return unpatchify(proj_out_(norm_out_(x)).to(at::kFloat), latent.sizes());
}

}  // namespace orrery
