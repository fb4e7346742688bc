#include <fmt/format.h>

#include <cmath>

#include "models/cosmos3/block.h"
#include "models/zoo/random_models.h"

namespace orrery {
namespace {

constexpr std::int64_t kTimeFeatures = 256;
constexpr double kModalitySpread = 0.1;

// Scales down what a layer adds to its input, so that two additions for each layer add up to order 1.
void add_tower(RandomTensorList& list, const std::string& layer, const TowerNames& names, const Cosmos3Config& c) {
  const double residual = 1 / std::sqrt(2 * static_cast<double>(c.num_hidden_layers));
  const std::string attention = layer + "self_attn.";
  list.norm(layer + names.input_norm + ".weight", {c.hidden_size});
  list.matrix(attention + names.q, {c.q_width(), c.hidden_size});
  list.matrix(attention + names.k, {c.kv_width(), c.hidden_size});
  list.matrix(attention + names.v, {c.kv_width(), c.hidden_size});
  list.matrix(attention + names.out, {c.hidden_size, c.q_width()}, residual);
  const bool is_text = !names.norm_k_for_media.empty();
  if (!is_text || c.qk_norm_for_text) {
    list.norm(attention + names.norm_q + ".weight", {c.head_dim});
    list.norm(attention + names.norm_k + ".weight", {c.head_dim});
  }
  if (is_text && c.use_und_k_norm_for_gen) list.norm(attention + names.norm_k_for_media + ".weight", {c.head_dim});
  list.norm(layer + names.mlp_norm + ".weight", {c.hidden_size});
  const std::string mlp = layer + names.mlp + ".";
  if (c.mlp == MlpKind::SwiGlu) list.matrix(mlp + "gate_proj", {c.intermediate_size, c.hidden_size});
  list.matrix(mlp + "up_proj", {c.intermediate_size, c.hidden_size});
  list.matrix(mlp + "down_proj", {c.hidden_size, c.intermediate_size}, residual);
}

void add_residual(RandomTensorList& list, const std::string& at, std::int64_t in, std::int64_t out) {
  list.norm(at + ".norm1.gamma", {in, 1, 1, 1});
  list.affine(at + ".conv1", {out, in, 3, 3, 3});
  list.norm(at + ".norm2.gamma", {out, 1, 1, 1});
  list.affine(at + ".conv2", {out, out, 3, 3, 3});
  if (in != out) list.affine(at + ".conv_shortcut", {out, in, 1, 1, 1});
}

void add_middle(RandomTensorList& list, const std::string& at, std::int64_t width) {
  add_residual(list, at + ".resnets.0", width, width);
  list.norm(at + ".attentions.0.norm.gamma", {width, 1, 1});
  list.affine(at + ".attentions.0.to_qkv", {3 * width, width, 1, 1});
  list.affine(at + ".attentions.0.proj", {width, width, 1, 1});
  add_residual(list, at + ".resnets.1", width, width);
}

void add_encoder(RandomTensorList& list, const WanConfig& c) {
  list.affine("encoder.conv_in", {c.base_dim, WanConfig::kPatchChannels, 3, 3, 3});
  std::int64_t in = c.base_dim;
  for (std::size_t level = 0; level < c.dim_mult.size(); ++level) {
    const std::string at = fmt::format("encoder.down_blocks.{}", level);
    const std::int64_t out = c.base_dim * c.dim_mult[level];
    for (std::int64_t i = 0; i < c.num_res_blocks; ++i) {
      add_residual(list, fmt::format("{}.resnets.{}", at, i), i == 0 ? in : out, out);
    }
    in = out;
    if (level + 1 == c.dim_mult.size()) continue;
    list.affine(at + ".downsampler.resample.1", {out, out, 3, 3});
    if (c.temporal_downsample[level]) list.affine(at + ".downsampler.time_conv", {out, out, 3, 1, 1});
  }
  add_middle(list, "encoder.mid_block", in);
  list.norm("encoder.norm_out.gamma", {in, 1, 1, 1});
  list.affine("encoder.conv_out", {2 * c.z_dim, in, 3, 3, 3});
  list.affine("quant_conv", {2 * c.z_dim, 2 * c.z_dim, 1, 1, 1});
}

void add_decoder(RandomTensorList& list, const WanConfig& c) {
  constexpr double kPixelGain = 0.7;  // so that few pixels are clamped at ±1
  std::int64_t in = c.decoder_base_dim * c.dim_mult.back();
  list.affine("post_quant_conv", {c.z_dim, c.z_dim, 1, 1, 1});
  list.affine("decoder.conv_in", {in, c.z_dim, 3, 3, 3});
  add_middle(list, "decoder.mid_block", in);
  for (std::size_t i = 0; i < c.dim_mult.size(); ++i) {
    const std::size_t level = c.dim_mult.size() - 1 - i;
    const std::string at = fmt::format("decoder.up_blocks.{}", i);
    const std::int64_t out = c.decoder_base_dim * c.dim_mult[level];
    for (std::int64_t block = 0; block <= c.num_res_blocks; ++block) {
      add_residual(list, fmt::format("{}.resnets.{}", at, block), block == 0 ? in : out, out);
    }
    in = out;
    if (level == 0) continue;
    list.affine(at + ".upsampler.resample.1", {out, out, 3, 3});
    if (c.temporal_downsample[level - 1]) list.affine(at + ".upsampler.time_conv", {2 * out, out, 3, 1, 1});
  }
  list.norm("decoder.norm_out.gamma", {in, 1, 1, 1});
  list.affine("decoder.conv_out", {WanConfig::kPatchChannels, in, 3, 3, 3}, kPixelGain);
}

constexpr std::int64_t kKernel = 7;
constexpr double kResidualLength = 0.25;  // for 15 consecutive residual units
constexpr double kWaveLength = 0.1;       // so that few samples are clamped at ±1

// alpha and beta of a Snake: logarithms of its rate and gain.
void add_snake(RandomTensorList& list, const std::string& at, std::int64_t channels) {
  constexpr double kSpread = 0.1;
  list.vector(at + ".alpha", {1, channels, 1}, kSpread);
  list.vector(at + ".beta", {1, channels, 1}, kSpread);
}

void add_unit(RandomTensorList& list, const std::string& at, std::int64_t channels) {
  add_snake(list, at + ".snake1", channels);
  list.directed(at + ".conv1", {channels, channels, kKernel}, 1);
  list.bias(at + ".conv1", channels);
  add_snake(list, at + ".snake2", channels);
  list.directed(at + ".conv2", {channels, channels, 1}, kResidualLength);
  list.bias(at + ".conv2", channels);
}

void add_block(RandomTensorList& list, const std::string& at, std::int64_t in, std::int64_t out, std::int64_t stride) {
  // An input channel's direction is spread over 2 · stride taps for every output channel; each output sample sees two.
  const double length = std::sqrt(static_cast<double>(out * stride) / static_cast<double>(in));
  add_snake(list, at + ".snake1", in);
  list.directed(at + ".conv_t1", {in, out, 2 * stride}, length);
  list.bias(at + ".conv_t1", out);
  for (const char* unit : {".res_unit1", ".res_unit2", ".res_unit3"}) add_unit(list, at + unit, out);
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

RandomTensors random_vae(const WanConfig& c) {
  RandomTensorList list;
  add_encoder(list, c);
  add_decoder(list, c);
  return list.take();
}

RandomTensors random_sound(const SoundConfig& c) {
  RandomTensorList list;
  std::int64_t in = c.dec_dim * c.dec_c_mults.back();
  list.directed("decoder.conv1", {in, c.vocoder_input_dim, kKernel}, 1);
  list.bias("decoder.conv1", in);
  const std::size_t count = c.dec_strides.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t level = count - 1 - i;
    const std::int64_t out = level > 0 ? c.dec_dim * c.dec_c_mults[level - 1] : c.dec_dim;
    add_block(list, fmt::format("decoder.block.{}", i), in, out, c.dec_strides[level]);
    in = out;
  }
  add_snake(list, "decoder.snake1", in);
  list.directed("decoder.conv2", {SoundConfig::kChannels, in, kKernel}, kWaveLength);
  return list.take();
}

}  // namespace orrery
