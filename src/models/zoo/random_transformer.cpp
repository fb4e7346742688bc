#include <fmt/format.h>

#include <cmath>

#include "models/cosmos3/block.h"
#include "models/zoo/random_models.h"
#include "models/zoo/random_tensor_list.h"

namespace orrery {
namespace {

constexpr std::int64_t kTimeFeatures = 256;
constexpr double kModalitySpread = 0.1;

// What a layer adds to its input is scaled down, so that 2 additions a layer sum up to order one at the end.
void add_tower(RandomTensorList& list, const std::string& layer, const TowerNames& names, const Cosmos3Config& c) {
  const double residual = 1 / std::sqrt(2 * static_cast<double>(c.num_hidden_layers));
  const std::string attention = layer + "self_attn.";
  list.norm(layer + names.input_norm + ".weight", {c.hidden_size});
  list.matrix(attention + names.q, {c.q_width(), c.hidden_size});
  list.matrix(attention + names.k, {c.kv_width(), c.hidden_size});
  list.matrix(attention + names.v, {c.kv_width(), c.hidden_size});
  list.matrix(attention + names.out, {c.hidden_size, c.q_width()}, residual);
  list.norm(attention + names.norm_q + ".weight", {c.head_dim});
  list.norm(attention + names.norm_k + ".weight", {c.head_dim});
  list.norm(layer + names.mlp_norm + ".weight", {c.hidden_size});
  const std::string mlp = layer + names.mlp + ".";
  list.matrix(mlp + "gate_proj", {c.intermediate_size, c.hidden_size});
  list.matrix(mlp + "up_proj", {c.intermediate_size, c.hidden_size});
  list.matrix(mlp + "down_proj", {c.hidden_size, c.intermediate_size}, residual);
}

}  // namespace

RandomTensors random_transformer(const Cosmos3Config& c) {
  RandomTensorList list;
  list.vector("embed_tokens.weight", {c.vocab_size, c.hidden_size}, 1);
  list.norm("norm.weight", {c.hidden_size});
  list.matrix("lm_head", {c.vocab_size, c.hidden_size});
  list.norm("norm_moe_gen.weight", {c.hidden_size});
  list.affine("proj_in", {c.hidden_size, c.patch_width()});
  list.affine("proj_out", {c.patch_width(), c.hidden_size});
  list.affine("time_embedder.linear_1", {c.hidden_size, kTimeFeatures});
  list.affine("time_embedder.linear_2", {c.hidden_size, c.hidden_size});
  if (c.sound_gen) {
    list.affine("audio_proj_in", {c.hidden_size, c.sound_dim});
    list.affine("audio_proj_out", {c.sound_dim, c.hidden_size});
    list.vector("audio_modality_embed", {c.hidden_size}, kModalitySpread);
  }
  for (std::int64_t i = 0; i < c.num_hidden_layers; ++i) {
    const std::string layer = fmt::format("layers.{}.", i);
    add_tower(list, layer, TowerNames::und(), c);
    add_tower(list, layer, TowerNames::gen(), c);
  }
  return list.take();
}

}  // namespace orrery
