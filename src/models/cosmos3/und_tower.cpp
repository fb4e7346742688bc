#include "models/cosmos3/und_tower.h"

#include "models/cosmos3/positions.h"

namespace orrery {

UndTower::UndTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, const Attention& attention)
    : config_(config),
      embedding_(transformer.take("embed_tokens.weight", {config.vocab_size, config.hidden_size})),
      last_(transformer / "layers" / (config.num_hidden_layers - 1), TowerNames::und(), config, RowFormat::Plain),
      tp_(&tp) {
  const std::int64_t last = config.num_hidden_layers - 1;
  blocks_.reserve(static_cast<std::size_t>(last));
  for (std::int64_t i = 0; i < last; ++i) {
    blocks_.emplace_back(transformer / "layers" / i, TowerNames::und(), config, RowFormat::Plain, attention);
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
    cache.layers.push_back({kv.k.contiguous(), kv.v.contiguous()});  // the views would keep the queries alive too
  };
  for (const Block& block : blocks_) keep(block.causal(stream, rope));
  keep(last_(stream, rope, {}).kv);
  return cache;
}

}  // namespace orrery
