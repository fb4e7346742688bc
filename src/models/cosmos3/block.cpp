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

RopeTable rows_of(const RopeTable& table, const Range& part) {
  return {rows_of(table.cos, part), rows_of(table.sin, part)};
}

ScaledRows rows_of(const ScaledRows& x, const Range& part) {
  return {rows_of(x.data, part), x.scaled() ? rows_of(x.scale, part) : at::Tensor()};
}

Float8Operands queries_of(Float8Operands operands, const Range& part) {
  operands.q.data = rows_of(operands.q.data, part);
  return operands;
}

}  // namespace

TowerNames TowerNames::und() {
  return {"to_q",
          "to_k",
          "to_v",
          "to_out",
          "norm_q",
          "norm_k",
          "input_layernorm",
          "post_attention_layernorm",
          "mlp",
          "k_norm_und_for_gen"};
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

namespace {

// The norms of a layer's heads; none in a text tower without them.
HeadNorms own_norms(const Weights& layer, const TowerNames& names, const Cosmos3Config& c) {
  const bool is_text = !names.norm_k_for_media.empty();
  if (is_text && !c.qk_norm_for_text) return {};
  const Weights attention = layer / "self_attn";
  return {attention.take(names.norm_q + ".weight", {c.head_dim}),
          attention.take(names.norm_k + ".weight", {c.head_dim}), c.rms_norm_eps};
}

HeadNorms norms_for_media(const Weights& layer, const TowerNames& names, const Cosmos3Config& c) {
  if (names.norm_k_for_media.empty() || !c.use_und_k_norm_for_gen) return {};
  return {{}, (layer / "self_attn").take(names.norm_k_for_media + ".weight", {c.head_dim}), c.rms_norm_eps};
}

}  // namespace

QkvProjection::QkvProjection(const Weights& layer, const TowerNames& names, const Cosmos3Config& c,
                             const ProductSettings& products, RowFormat heads)
    : input_norm_(layer, names.input_norm, c.hidden_size, c.rms_norm_eps),
      qkv_(layer / "self_attn",
           {{names.q + ".weight", c.q_width()},
            {names.k + ".weight", c.kv_width()},
            {names.v + ".weight", c.kv_width()}},
           c.hidden_size, products),
      norms_(own_norms(layer, names, c)),
      for_media_(norms_for_media(layer, names, c)),
      heads_(layer.tp().slice(c.num_attention_heads).size),
      kv_heads_(layer.tp().slice(c.num_key_value_heads).size),
      head_dim_(c.head_dim),
      scales_(heads == RowFormat::Float8 ? bounded_scales(norms_, kv_heads_) : HeadScales{}) {}

SequenceParallel QkvProjection::whole(const Residual& stream) const {
  return {nullptr, stream.x().size(0), heads_, kv_heads_};
}

at::Tensor QkvProjection::multiplied(Residual& stream, std::int64_t before, std::int64_t after,
                                     Precision precision) const {
  const std::int64_t tokens = stream.x().size(0);
  const at::Tensor rows = at::empty({before + tokens + after, qkv_.width()}, stream.x().options());
  const at::Tensor products = rows.narrow(0, before, tokens);
  const RowTarget inputs = qkv_.inputs(precision);
  for (const Range& part : stream.parts()) {
    const ScaledRows normed = phase("residual + input norm", [&] { return stream.norm(part, input_norm_, inputs); });
    phase("qkv product", [&] { qkv_.into(rows_of(products, part), normed); });
  }
  return rows.view({before + tokens + after, heads_ + 2 * kv_heads_, head_dim_});
}

void QkvProjection::norm_and_rope(at::Tensor own, const RopeTable& rope) const {
  phase("head norm + rope", [&] { head_norm_rope(own, heads_, kv_heads_, norms_, rope); });
}

at::Tensor QkvProjection::keys_for_media(const at::Tensor& own, const RopeTable& rope) const {
  if (!for_media_.k.defined()) return {};
  at::Tensor keys = own.narrow(1, heads_, kv_heads_).clone(at::MemoryFormat::Contiguous);
  head_norm_rope(keys, 0, kv_heads_, for_media_, rope);
  return keys;
}

at::Tensor QkvProjection::exchanged(Residual& stream, const RopeTable& rope, std::int64_t after,
                                    const SequenceParallel& sequence, Precision precision) const {
  const at::TensorOptions options = stream.x().options();
  const HeadsExchange exchange(sequence, after, head_dim_, options);
  const RopeTable own_rope = rope.cos.defined() ? rows_of(rope, sequence.own()) : RopeTable{};
  const RowTarget inputs = qkv_.inputs(precision);
  for (const Range& part : stream.parts()) {
    const ScaledRows normed = phase("residual + input norm", [&] { return stream.norm(part, input_norm_, inputs); });
    for (const Range& piece : exchange.pieces(part)) {
      at::Tensor heads = at::empty({piece.size, heads_ + 2 * kv_heads_, head_dim_}, options);
      phase("qkv product", [&] {
        qkv_.into(heads.flatten(1), rows_of(normed, {piece.begin - part.begin, piece.size}));
      });
      share_out(heads, own_rope, piece, exchange);
      exchange.send(piece);
    }
  }
  phase("heads all-to-all", [&] { exchange.finish(); });
  return exchange.all();
}

void QkvProjection::share_out(at::Tensor& heads, const RopeTable& rope, const Range& piece,
                              const HeadsExchange& exchange) const {
  const SharedHeads target = exchange.target(piece);
  if (rope.cos.defined()) {
    phase("head norm + rope", [&] { share_heads(target, heads, heads_, kv_heads_, norms_, rows_of(rope, piece)); });
  } else {
    phase("heads shared out", [&] { share_heads(target, heads, heads_, kv_heads_); });
  }
}

KeyValue QkvProjection::kv_of(const at::Tensor& projected, const Range& rows, const HeadShare& share) {
  const at::Tensor own = projected.narrow(0, rows.begin, rows.size);
  const std::int64_t heads = share.queries.size, kv_heads = share.keys.size;
  return {own.narrow(1, heads, kv_heads), own.narrow(1, heads + kv_heads, kv_heads)};
}

QkvProjection::Result QkvProjection::operator()(Residual& stream, const RopeTable& rope, const KeyValue& text,
                                                const SequenceParallel& sequence, Precision precision) const {
  const std::int64_t text_tokens = text.k.defined() ? text.k.size(0) : 0, tokens = sequence.tokens();
  const HeadShare& share = sequence.heads();
  at::Tensor all, media_keys;
  if (sequence.is_shared()) {
    all = exchanged(stream, rope, text_tokens, sequence, precision);
  } else {
    all = multiplied(stream, 0, text_tokens, precision);
    const at::Tensor own = all.narrow(0, 0, tokens);
    media_keys = keys_for_media(own, rope);
    norm_and_rope(own, rope);
  }
  if (text_tokens > 0) copy_text(text, kv_of(all, {tokens, text_tokens}, share));
  const KeyValue kv = kv_of(all, {0, tokens + text_tokens}, share);
  return {
      all.narrow(0, 0, tokens).narrow(1, 0, share.queries.size), kv, {media_keys.defined() ? media_keys : kv.k, kv.v}};
}

// The rows are: the first text, both sequences, the second text. The product's rows are then contiguous, and each
// sequence is adjacent to its text; the order of keys does not matter to attention without a mask.
std::array<QkvProjection::Result, 2> QkvProjection::pair(Residual& stream, const RopeTable& rope, const KeyValue& first,
                                                         const KeyValue& second, Precision precision) const {
  const std::int64_t tokens = stream.x().size(0) / 2, before = first.k.size(0), after = second.k.size(0);
  const at::Tensor all = multiplied(stream, before, after, precision);
  norm_and_rope(all.narrow(0, before, 2 * tokens), rope);
  const HeadShare share = whole(stream).heads();
  const auto kv = [&](const Range& rows) { return kv_of(all, rows, share); };
  copy_text(first, kv({0, before}));
  copy_text(second, kv({before + 2 * tokens, after}));
  const auto queries = [&](std::int64_t begin) { return all.narrow(0, begin, tokens).narrow(1, 0, heads_); };
  return {Result{queries(before), kv({0, before + tokens})},
          Result{queries(before + tokens), kv({before + tokens, tokens + after})}};
}

Float8Operands QkvProjection::rounded_operands(const at::Tensor& own, const RopeTable& rope, const KeyValue& text,
                                               const HeadShare& share, const Float8Text& rounded) const {
  const std::int64_t tokens = own.size(0), text_tokens = text.k.size(0);
  const std::int64_t heads = share.queries.size, kv_heads = share.keys.size;
  const auto empty_heads = [&](std::int64_t count, std::int64_t of_each, const at::Tensor& scale) {
    return Float8Heads{at::empty({count, of_each, head_dim_}, own.options().dtype(at::kFloat8_e4m3fn)), scale};
  };
  Float8Heads q = empty_heads(tokens, heads, rows_of(scales_.q, share.keys));
  Float8Heads k = empty_heads(tokens + text_tokens, kv_heads, rounded.k.scale);
  phase("head norm + rope", [&] { float8_head_norm_rope(own, norms_, rope, q, k); });
  phase("text keys and values", [&] { k.data.narrow(0, tokens, text_tokens).copy_(rounded.k.data); });
  const at::Tensor values = own.narrow(1, heads + kv_heads, kv_heads);
  CentredValues centred = phase("mean of values", [&] { return value_centre(values, text.v, rounded.value_extents); });
  centred.v.data = at::empty_like(k.data);
  phase("values in 8 bits", [&] { round_values(values, text.v, centred); });
  return {q, k, centred.v, centred.mean};
}

Float8Operands QkvProjection::in_float8(Residual& stream, const RopeTable& rope, const KeyValue& text,
                                        const SequenceParallel& sequence, const Float8Text& rounded) const {
  const at::Tensor own = sequence.is_shared() ? exchanged(stream, {}, 0, sequence, Precision::Native)
                                              : multiplied(stream, 0, 0, Precision::Native);
  return rounded_operands(own, rope, text, sequence.heads(), rounded);
}

Float8Text QkvProjection::round_text(const KeyValue& text, const SequenceParallel& sequence) const {
  return float8_text(text.k, text.v, rows_of(scales_.k, sequence.heads().keys));
}

std::array<Float8Operands, 2> QkvProjection::pair_in_float8(Residual& stream, const RopeTable& rope,
                                                            const std::array<const KeyValue*, 2>& texts,
                                                            const std::array<const Float8Text*, 2>& rounded) const {
  const at::Tensor all = multiplied(stream, 0, 0, Precision::Native);
  const std::int64_t tokens = all.size(0) / 2;
  const HeadShare share = whole(stream).heads();
  const auto one = [&](std::size_t i) {
    const std::int64_t begin = static_cast<std::int64_t>(i) * tokens;
    return rounded_operands(all.narrow(0, begin, tokens), rows_of(rope, {begin, tokens}), *texts[i], share,
                            *rounded[i]);
  };
  return {one(0), one(1)};
}

Block::Block(const Weights& layer, const TowerNames& names, const Cosmos3Config& c, const ProductSettings& products,
             Attention attention)
    : project_(layer, names, c, products, attention.format()),
      attention_(std::move(attention)),
      out_(layer / "self_attn" / names.out, c.q_width(), c.hidden_size, products),
      mlp_norm_(layer, names.mlp_norm, c.hidden_size, c.rms_norm_eps),
      mlp_(layer / names.mlp, c.mlp, c.hidden_size, c.intermediate_size, products) {}

void Block::finish(Residual& stream, at::Tensor attended, Precision precision) const {
  const RowTarget target = out_.inputs(precision);
  for (const Range& part : stream.parts()) {
    ScaledRows rows{rows_of(attended, part), {}};
    if (target.format == RowFormat::Float8) {
      rows = phase("attention in 8 bits", [&] { return float8_rows(rows.data, target.factor); });
    }
    stream.add(phase("out product", [&] { return out_(rows); }));
  }
  attended.reset();  // frees the memory for the MLP
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
  return own.for_media;
}

at::Tensor Block::attend(Residual& stream, const KeyValue& text, const RopeTable& rope,
                         const SequenceParallel& sequence, Precision precision, const Float8Text* rounded) const {
  const at::TensorOptions options = stream.x().options();
  if (rounded != nullptr && precision == Precision::Native) {
    const Float8Operands own = project_.in_float8(stream, rope, text, sequence, *rounded);
    return sequence.to_tokens(own.q.data.size(2), options, [&](const Range& part) {
      return attention_(queries_of(own, part), stream.x().scalar_type());
    });
  }
  const QkvProjection::Result own = project_(stream, rope, text, sequence, precision);
  return sequence.to_tokens(own.q.size(2), options, [&](const Range& part) {
    return attention_(rows_of(own.q, part), own.kv.k, own.kv.v, Mask::None);
  });
}

void Block::joint(Residual& stream, const KeyValue& text, const RopeTable& rope, const SequenceParallel& sequence,
                  Precision precision, const Float8Text* rounded) const {
  finish(stream, attend(stream, text, rope, sequence, precision, rounded), precision);
}

at::Tensor Block::attend_pair(Residual& stream, const std::array<const KeyValue*, 2>& texts, const RopeTable& rope,
                              Precision precision, const std::array<const Float8Text*, 2>& rounded) const {
  if (rounded[0] != nullptr && precision == Precision::Native) {
    const std::array<Float8Operands, 2> own = project_.pair_in_float8(stream, rope, texts, rounded);
    const at::ScalarType dtype = stream.x().scalar_type();
    return phase("attention", [&] { return at::cat({attention_(own[0], dtype), attention_(own[1], dtype)}); });
  }
  const std::array<QkvProjection::Result, 2> own = project_.pair(stream, rope, *texts[0], *texts[1], precision);
  return phase("attention", [&] {
    const auto of = [&](const QkvProjection::Result& one) { return attention_(one.q, one.kv.k, one.kv.v, Mask::None); };
    return at::cat({of(own[0]), of(own[1])});
  });
}

void Block::joint_pair(Residual& stream, const std::array<const KeyValue*, 2>& texts, const RopeTable& rope,
                       Precision precision, const std::array<const Float8Text*, 2>& rounded) const {
  finish(stream, attend_pair(stream, texts, rope, precision, rounded), precision);
}

}  // namespace orrery
