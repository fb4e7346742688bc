#include "models/cosmos3/block.h"

#include <utility>

#include "models/nn/phase.h"

namespace orrery {
namespace {

void copy_text(const KeyValue& text, const KeyValue& place) {
  phase("text keys and values", [&] {
    place.k.copy_(text.k);
    place.v.copy_(text.v);
  });
}

}  // namespace

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

QkvProjection::QkvProjection(const Weights& layer, const TowerNames& names, const Cosmos3Config& c,
                             const ProductSettings& products)
    : input_norm_(layer, names.input_norm, c.hidden_size, c.rms_norm_eps),
      qkv_(layer / "self_attn",
           {{names.q + ".weight", c.q_width()},
            {names.k + ".weight", c.kv_width()},
            {names.v + ".weight", c.kv_width()}},
           c.hidden_size, products),
      norms_{(layer / "self_attn").take(names.norm_q + ".weight", {c.head_dim}),
             (layer / "self_attn").take(names.norm_k + ".weight", {c.head_dim}), c.rms_norm_eps},
      heads_(layer.tp().slice(c.num_attention_heads).size),
      kv_heads_(layer.tp().slice(c.num_key_value_heads).size),
      head_dim_(c.head_dim) {}

SequenceParallel QkvProjection::whole(const Residual& stream) const {
  return {nullptr, stream.x().size(0), heads_, kv_heads_};
}

void QkvProjection::project(Residual& stream, const at::Tensor& rows, Precision precision) const {
  const RowTarget inputs = qkv_.inputs(precision);
  for (const Range& part : stream.parts()) {
    const ScaledRows normed = phase("residual + input norm", [&] { return stream.norm(part, input_norm_, inputs); });
    phase("qkv product", [&] { qkv_.into(rows_of(rows, part), normed); });
  }
}

at::Tensor QkvProjection::projected(Residual& stream, const RopeTable& rope, std::int64_t before, std::int64_t after,
                                    Precision precision) const {
  const std::int64_t tokens = stream.x().size(0);
  const at::Tensor rows = at::empty({before + tokens + after, qkv_.width()}, stream.x().options());
  const at::Tensor products = rows.narrow(0, before, tokens);
  project(stream, products, precision);
  at::Tensor own = products.view({tokens, -1, head_dim_});
  phase("head norm + rope", [&] { head_norm_rope(own, heads_, kv_heads_, norms_, rope); });
  return rows.view({before + tokens + after, -1, head_dim_});
}

at::Tensor QkvProjection::exchanged(Residual& stream, const RopeTable& rope, std::int64_t after,
                                    const SequenceParallel& sequence, Precision precision) const {
  at::Tensor own = at::empty({stream.x().size(0), heads_ + 2 * kv_heads_, head_dim_}, stream.x().options());
  project(stream, own.flatten(1), precision);
  const at::Tensor all =
      at::empty({sequence.tokens() + after, sequence.heads().total(), head_dim_}, stream.x().options());
  const at::Tensor media = all.narrow(0, 0, sequence.tokens());
  const SharedHeads shared = sequence.shared_heads(media);
  phase("head norm + rope", [&] { share_heads(shared, own, heads_, kv_heads_, norms_, rope); });
  own.reset();
  phase("heads all-to-all", [&] { sequence.to_heads(shared, media); });
  return all;
}

KeyValue QkvProjection::kv_of(const at::Tensor& projected, const Range& rows, std::int64_t heads,
                              std::int64_t kv_heads) {
  const at::Tensor own = projected.narrow(0, rows.begin, rows.size);
  return {own.narrow(1, heads, kv_heads), own.narrow(1, heads + kv_heads, kv_heads)};
}

QkvProjection::Result QkvProjection::operator()(Residual& stream, const RopeTable& rope, const KeyValue& text,
                                                const SequenceParallel& sequence, Precision precision) const {
  const std::int64_t text_tokens = text.k.defined() ? text.k.size(0) : 0, tokens = sequence.tokens();
  const at::Tensor all = sequence.is_shared() ? exchanged(stream, rope, text_tokens, sequence, precision)
                                              : projected(stream, rope, 0, text_tokens, precision);
  const std::int64_t heads = sequence.heads().queries.size, kv_heads = sequence.heads().keys.size;
  if (text_tokens > 0) copy_text(text, kv_of(all, {tokens, text_tokens}, heads, kv_heads));
  return {all.narrow(0, 0, tokens).narrow(1, 0, heads), kv_of(all, {0, tokens + text_tokens}, heads, kv_heads)};
}

// The rows are: the first text, both sequences, the second text. So the products are one block, and each sequence lies
// beside its text; the order of keys means nothing to attention without a mask.
std::array<QkvProjection::Result, 2> QkvProjection::pair(Residual& stream, const RopeTable& rope, const KeyValue& first,
                                                         const KeyValue& second, Precision precision) const {
  const std::int64_t tokens = stream.x().size(0) / 2, before = first.k.size(0), after = second.k.size(0);
  const at::Tensor all = projected(stream, rope, before, after, precision);
  const auto kv = [&](const Range& rows) { return kv_of(all, rows, heads_, kv_heads_); };
  copy_text(first, kv({0, before}));
  copy_text(second, kv({before + 2 * tokens, after}));
  const auto queries = [&](std::int64_t begin) { return all.narrow(0, begin, tokens).narrow(1, 0, heads_); };
  return {Result{queries(before), kv({0, before + tokens})},
          Result{queries(before + tokens), kv({before + tokens, tokens + after})}};
}

Block::Block(const Weights& layer, const TowerNames& names, const Cosmos3Config& c, const ProductSettings& products,
             Attention attention)
    : project_(layer, names, c, products),
      attention_(std::move(attention)),
      out_(layer / "self_attn" / names.out, c.q_width(), c.hidden_size, products),
      mlp_norm_(layer, names.mlp_norm, c.hidden_size, c.rms_norm_eps),
      mlp_(layer / names.mlp, c.hidden_size, c.intermediate_size, products) {}

void Block::finish(Residual& stream, at::Tensor attended, Precision precision) const {
  const RowTarget target = out_.inputs(precision);
  for (const Range& part : stream.parts()) {
    ScaledRows rows{rows_of(attended, part), {}};
    if (target.format == RowFormat::Float8) {
      rows = phase("attention in 8 bits", [&] { return float8_rows(rows.data, target.factor); });
    }
    stream.add(phase("out product", [&] { return out_(rows); }));
  }
  attended.reset();  // the mlp needs the memory
  const RowTarget inputs = mlp_.inputs(precision);
  for (const Range& part : stream.parts()) {
    const ScaledRows normed = phase("residual + mlp norm", [&] { return stream.norm(part, mlp_norm_, inputs); });
    stream.add(mlp_(normed, precision));
  }
}

KeyValue Block::causal(Residual& stream, const RopeTable& rope) const {
  const QkvProjection::Result own = project_(stream, rope, {}, project_.whole(stream), Precision::Full);
  finish(stream, phase("attention", [&] { return attention_(own.q, own.kv.k, own.kv.v, Mask::Causal); }),
         Precision::Full);
  return own.kv;
}

void Block::joint(Residual& stream, const KeyValue& text, const RopeTable& rope, const SequenceParallel& sequence,
                  Precision precision) const {
  QkvProjection::Result own = project_(stream, rope, text, sequence, precision);
  at::Tensor attended = phase("attention", [&] { return attention_(own.q, own.kv.k, own.kv.v, Mask::None); });
  own = {};
  finish(stream, sequence.to_tokens(std::move(attended)), precision);
}

void Block::joint_pair(Residual& stream, const KeyValue& first, const KeyValue& second, const RopeTable& rope,
                       Precision precision) const {
  std::array<QkvProjection::Result, 2> own = project_.pair(stream, rope, first, second, precision);
  at::Tensor attended = phase("attention", [&] {
    const auto of = [&](const QkvProjection::Result& one) { return attention_(one.q, one.kv.k, one.kv.v, Mask::None); };
    return at::cat({of(own[0]), of(own[1])});
  });
  own = {};
  finish(stream, std::move(attended), precision);
}

}  // namespace orrery
