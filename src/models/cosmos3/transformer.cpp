#include "models/cosmos3/transformer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/core/error.h"
#include "models/cosmos3/stream_layers.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

// Calls use(stream, range) with each stream's range of tokens in the concatenated sequence.
template <class Use>
void for_each_range(const Streams<std::vector<TokenRun>>& tokens, Use use) {
  std::int64_t begin = 0;
  for (const auto& [stream, runs] : tokens) {
    const std::int64_t size = runs.back().tokens.end();
    use(stream, Range{begin, size});
    begin += size;
  }
}

RopeTable joined(const std::vector<RopeTable>& tables) {
  if (tables.size() == 1) return tables.front();
  std::vector<at::Tensor> cos, sin;
  for (const RopeTable& table : tables) {
    cos.push_back(table.cos);
    sin.push_back(table.sin);
  }
  return {at::cat(cos), at::cat(sin)};
}

// The parts of `runs` inside `part`, with tokens counted from the beginning of `part`.
std::vector<TokenRun> runs_within(const std::vector<TokenRun>& runs, const Range& part) {
  std::vector<TokenRun> found;
  for (const TokenRun& run : runs) {
    const Range here = within(run.tokens, part);
    if (here.size > 0) found.push_back({here, run.noisy});
  }
  return found;
}

constexpr std::int64_t kFrequencies = 128;

// The text of a layer in 8 bits; null for exact attention.
const Float8Text* rounded_text(const Branch& branch, std::size_t layer) {
  return branch.rounded.empty() ? nullptr : &branch.rounded[layer];
}

}  // namespace

UndTower::UndTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, const Attention& attention,
                   const ProductSettings& products)
    : config_(config),
      embedding_(transformer.take("embed_tokens.weight", {config.vocab_size, config.hidden_size})),
      last_(transformer / "layers" / (config.num_hidden_layers - 1), TowerNames::und(), config, products.plain()),
      tp_(&tp) {
  const std::int64_t last = config.num_hidden_layers - 1;
  blocks_.reserve(static_cast<std::size_t>(last));
  for (std::int64_t i = 0; i < last; ++i) {
    blocks_.emplace_back(transformer / "layers" / i, TowerNames::und(), config, products.plain(),
                         attention.in(RowFormat::Plain));
  }
  for (const char* unused : {"self_attn.to_out.", "post_attention_layernorm.", "mlp."}) {
    (transformer / "layers" / last).ignore(unused);
  }
}

TextCache UndTower::operator()(const std::vector<std::int64_t>& ids) const {
  const auto tokens = static_cast<std::int64_t>(ids.size());
  const at::Tensor index = at::tensor(ids, at::kLong).to(embedding_.device());
  const RopeTable rope = rope_table(config_, text_positions(tokens), embedding_.device(), embedding_.scalar_type());
  Residual stream(embedding_.index_select(0, index), *tp_);
  TextCache cache;
  cache.tokens = tokens;
  const auto keep = [&cache](const KeyValue& kv) {
    cache.layers.push_back({kv.k.contiguous(), kv.v.contiguous()});  // views would keep the queries too
  };
  for (const Block& block : blocks_) keep(block.causal(stream, rope));
  keep(last_(stream, rope, {}, last_.whole(stream), Precision::Full).for_media);
  return cache;
}

std::vector<TokenRun> token_runs(std::int64_t steps, std::int64_t step_tokens, const std::vector<std::int64_t>& given) {
  std::vector<TokenRun> runs;
  for (std::int64_t step = 0; step < steps; ++step) {
    const bool noisy = std::find(given.begin(), given.end(), step) == given.end();
    if (runs.empty() || runs.back().noisy != noisy) runs.push_back({{step * step_tokens, 0}, noisy});
    runs.back().tokens.size += step_tokens;
  }
  return runs;
}

GenTower::GenTower(const Weights& transformer, const Cosmos3Config& config, const TowerGroups& groups,
                   const ProductSettings& products, const Attention& attention)
    : hidden_(config.hidden_size),
      device_(transformer.device()),
      dtype_(transformer.dtype()),
      time_embedder_(transformer / "time_embedder", config),
      norm_out_(transformer, "norm_moe_gen", config.hidden_size, config.rms_norm_eps),
      groups_(groups),
      heads_(transformer.tp().slice(config.num_attention_heads).size),
      kv_heads_(transformer.tp().slice(config.num_key_value_heads).size),
      attention_format_(attention.format()) {
  for (const StreamKind& kind : kStreamKinds) {
    if (kind.channels(config) > 0) streams_[kind.stream] = kind.layers(transformer, config);
  }
  blocks_.reserve(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const bool outer = i == 0 || i + 1 == config.num_hidden_layers;
    blocks_.emplace_back(transformer / "layers" / i, TowerNames::gen(), config, outer ? products.plain() : products,
                         attention);
  }
}

Branch GenTower::prepare(TextCache text, const MediaShape& shape) const {
  const StreamPlace place{shape.fps, text.tokens, device_, dtype_};
  Branch branch;
  std::vector<RopeTable> ropes;
  for (const auto& [stream, own] : shape.streams) {
    const char* name = schema_of(stream).name;
    require(streams_.contains(stream), fmt::format("{0} was asked of a transformer without {0} layers", name));
    ropes.push_back(streams_.at(stream)->rope(own, place));
    branch.tokens[stream] = token_runs(own.steps(), own.step_tokens(), own.given);
  }
  branch.sequence = {groups_.sp, shape.tokens(), heads_, kv_heads_};
  branch.rope = joined(ropes);
  branch.text = std::move(text);
  for (auto& [k, v] : branch.text.layers) {
    k = branch.sequence.own_heads(k);
    v = branch.sequence.own_heads(v);
  }
  if (attention_format_ == RowFormat::Float8) {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      branch.rounded.push_back(blocks_[i].round_text(branch.text.layers[i], branch.sequence));
    }
  }
  return branch;
}

// The timestep embedding enters the products as part of their bias, for noisy tokens but not for given ones.
at::Tensor GenTower::embed(const MediaLatents& latents, double timestep, const Branch& branch) const {
  Streams<at::Tensor> features;
  for (const auto& [stream, own] : latents) features[stream] = streams_.at(stream)->features(own);
  const Range own = branch.sequence.own();
  at::Tensor x = at::empty({own.size, hidden_}, at::TensorOptions(device_).dtype(dtype_));
  phase("embed", [&] {
    const at::Tensor time = time_embedder_(timestep);
    for_each_range(branch.tokens, [&](Stream stream, Range range) {
      const Range here = within(own, range);  // this rank's tokens of the stream
      streams_.at(stream)->embed_into(rows_of(x, within(range, own)), rows_of(features.at(stream), here),
                                      runs_within(branch.tokens.at(stream), here), time);
    });
  });
  return x;
}

MediaLatents GenTower::operator()(const MediaLatents& latents, double timestep, const Branch& branch,
                                  Precision precision) const {
  Residual stream(embed(latents, timestep, branch), *groups_.tp);  // (this rank's tokens, hidden)
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    blocks_[i].joint(stream, branch.text.layers[i], branch.rope, branch.sequence, precision, rounded_text(branch, i));
  }
  const at::Tensor x = phase("residual + norm out", [&] { return normed_whole(stream); });
  return velocities(x, latents, branch);
}

void GenTower::pair_up(Branch& first, Branch& second) {
  require(!first.sequence.is_shared(), "two branches in one pass whose tokens are shared among ranks");
  const std::int64_t tokens = first.rope.cos.size(0);
  const RopeTable both = joined({first.rope, second.rope});
  const auto half = [&](std::int64_t begin) {
    return RopeTable{both.cos.narrow(0, begin, tokens), both.sin.narrow(0, begin, tokens)};
  };
  first.rope = half(0);
  second.rope = half(tokens);
  first.both_ropes = both;
}

std::array<MediaLatents, 2> GenTower::in_one_pass(const MediaLatents& latents, double timestep, const Branch& first,
                                                  const Branch& second, Precision precision) const {
  require(first.both_ropes.cos.defined(), "two branches in one pass that were not paired up");
  const std::int64_t tokens = first.rope.cos.size(0);
  const at::Tensor own = embed(latents, timestep, first);
  Residual stream(at::cat({own, own}), *groups_.tp);  // (2 tokens, hidden)
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    blocks_[i].joint_pair(stream, {&first.text.layers[i], &second.text.layers[i]}, first.both_ropes, precision,
                          {rounded_text(first, i), rounded_text(second, i)});
  }
  const at::Tensor x = phase("residual + norm out", [&] { return normed_whole(stream); });
  return {velocities(x.narrow(0, 0, tokens), latents, first), velocities(x.narrow(0, tokens, tokens), latents, second)};
}

MediaLatents GenTower::without_layers(const MediaLatents& latents, double timestep, const Branch& branch) const {
  const at::Tensor time = time_embedder_(timestep);
  MediaLatents velocities;
  for (const auto& [stream, own] : latents) {
    velocities[stream] = streams_.at(stream)->without_layers(own, branch.tokens.at(stream), time);
  }
  return velocities;
}

at::Tensor GenTower::normed_whole(Residual& stream) const {
  std::vector<at::Tensor> parts;
  for (const Range& part : stream.parts()) parts.push_back(stream.norm(part, norm_out_, RowFormat::Plain).data);
  return parts.size() == 1 ? parts.front() : at::cat(parts);
}

MediaLatents GenTower::velocities(const at::Tensor& x, const MediaLatents& latents, const Branch& branch) const {
  MediaLatents velocities;
  const Range own = branch.sequence.own();
  for_each_range(branch.tokens, [&](Stream stream, Range range) {
    const StreamLayers& layers = *streams_.at(stream);
    const at::Tensor features = layers.project_out(rows_of(x, within(range, own)));
    velocities[stream] = layers.velocity(branch.sequence.gather(features, range), latents.at(stream).sizes());
  });
  return velocities;
}

TimestepEmbedding::TimestepEmbedding(const Weights& w, const Cosmos3Config& config)
    : weight_1_(w.take_float32("linear_1.weight", {config.hidden_size, 2 * kFrequencies})),
      bias_1_(w.take_float32("linear_1.bias", {config.hidden_size})),
      weight_2_(w.take_float32("linear_2.weight", {config.hidden_size, config.hidden_size})),
      bias_2_(w.take_float32("linear_2.bias", {config.hidden_size})),
      frequencies_(
          at::exp(at::arange(kFrequencies, at::kFloat) * (-std::log(10000.0) / kFrequencies)).to(weight_1_.device())),
      scale_(config.timestep_scale) {}

at::Tensor TimestepEmbedding::operator()(double timestep) const {
  const at::Tensor angles = frequencies_ * (timestep * scale_);
  const at::Tensor features = at::cat({angles.cos(), angles.sin()}).unsqueeze(0);
  return at::linear(at::silu(at::linear(features, weight_1_, bias_1_)), weight_2_, bias_2_).squeeze(0);
}

void require_transformer_read(const Weights& transformer, const Cosmos3Config& config) {
  for (const char* unused : {"lm_head.", "norm.", "action_"}) transformer.ignore(unused);
  for (const StreamKind& kind : kStreamKinds) {
    if (kind.channels(config) == 0) transformer.ignore(kind.tensors);
  }
  transformer.require_all_read();
}

Transformer::Transformer(const Weights& transformer, const Cosmos3Config& config, const TowerGroups& groups,
                         const ProductSettings& products, const Attention& attention)
    : config_(config),
      device_(transformer.device()),
      und_(transformer, config, *groups.tp, attention, products),
      gen_(transformer, config, groups, products, attention) {
  require_transformer_read(transformer, config);
}

}  // namespace orrery
