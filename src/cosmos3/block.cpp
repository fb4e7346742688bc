#include "cosmos3/block.h"

#include "nn/phase.h"

namespace orrery {

TowerNames TowerNames::und() {
  return {"to_q", "to_k", "to_v", "to_out", "norm_q", "norm_k", "input_layernorm", "post_attention_layernorm", "mlp"};
}

TowerNames TowerNames::gen() {
  return {"add_q_proj",
          "add_k_proj",
          "add_v_proj",
          "to_add_out",
          "norm_added_q",
          "norm_added_k",
          "input_layernorm_moe_gen",
          "post_attention_layernorm_moe_gen",
          "mlp_moe_gen"};
}

QkvProjection::QkvProjection(const Weights& layer, const TowerNames& names, const Cosmos3Config& c)
    : input_norm_(layer, names.input_norm, c.hidden_size, c.rms_norm_eps),
      qkv_(layer / "self_attn",
           {{names.q + ".weight", c.q_width()},
            {names.k + ".weight", c.kv_width()},
            {names.v + ".weight", c.kv_width()}},
           c.hidden_size),
      q_norm_(layer / "self_attn", names.norm_q, c.head_dim, c.rms_norm_eps),
      k_norm_(layer / "self_attn", names.norm_k, c.head_dim, c.rms_norm_eps),
      heads_(layer.tp().slice(c.num_attention_heads).size),
      kv_heads_(layer.tp().slice(c.num_key_value_heads).size),
      head_dim_(c.head_dim) {}

at::Tensor QkvProjection::product(const at::Tensor& x) const {
  const at::Tensor normed = phase("input norm", [&] { return input_norm_(x); });
  return phase("qkv product", [&] { return qkv_(normed); });
}

QkvProjection::Result QkvProjection::operator()(const at::Tensor& x, const RopeTable& rope) const {
  const at::Tensor qkv = product(x).view({x.size(0), -1, head_dim_});
  const at::Tensor q = qkv.narrow(1, 0, heads_);
  const at::Tensor k = qkv.narrow(1, heads_, kv_heads_);
  const at::Tensor v = qkv.narrow(1, heads_ + kv_heads_, kv_heads_);
  return phase("head norm + rope", [&]() -> Result {
    return {apply_rope(q_norm_(q), rope), {apply_rope(k_norm_(k), rope), v}};
  });
}

Block::Block(const Weights& layer, const TowerNames& names, const Cosmos3Config& c, Collectives& tp)
    : project_(layer, names, c),
      out_(layer / "self_attn" / names.out, c.q_width(), c.hidden_size, tp),
      mlp_norm_(layer, names.mlp_norm, c.hidden_size, c.rms_norm_eps),
      mlp_(layer / names.mlp, c.hidden_size, c.intermediate_size, tp) {}

void Block::finish(at::Tensor& x, const at::Tensor& attended) const {
  const at::Tensor projected = phase("out product", [&] { return out_(attended); });
  x = phase("residual", [&] { return projected.add_(x); });
  const at::Tensor normed = phase("mlp norm", [&] { return mlp_norm_(x); });
  const at::Tensor made = mlp_(normed);
  phase("residual", [&] { x.add_(made); });
}

KeyValue Block::causal(at::Tensor& x, const RopeTable& rope) const {
  const auto [q, kv] = project_(x, rope);
  finish(x, phase("attention", [&] { return attention(q, kv.k, kv.v, Mask::Causal); }));
  return kv;
}

void Block::joint(at::Tensor& x, const KeyValue& text, const RopeTable& rope) const {
  const auto [q, kv] = project_(x, rope);
  const KeyValue all = phase("kv concat", [&]() -> KeyValue {
    return {at::cat({text.k, kv.k}), at::cat({text.v, kv.v})};
  });
  finish(x, phase("attention", [&] { return attention(q, all.k, all.v, Mask::None); }));
}

}  // namespace orrery
