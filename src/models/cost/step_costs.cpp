#include "models/cost/step_costs.h"

#include <c10/util/accumulate.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>

#include "models/kernels/head_norm_rope.h"
#include "models/nn/residual.h"

namespace orrery {
namespace {

// The cost of reading and writing `bytes` in total.
PhaseCost traffic(double bytes, const LayerCeilings& ceilings) { return {0, bytes, ceilings.copy_ms(bytes)}; }

// The bytes of `count` tensors like the video's latents, in float32.
double latent_bytes(const MediaShape& shape, int count) {
  return 4.0 * count * static_cast<double>(c10::multiply_integers(shape.extents(Stream::Video)));
}

// Replaces or adds the phases of attention in 8 bits, where norm and RoPE write one byte for each element that they
// read. With sp > 1, the heads are exchanged before that.
void add_float8_attention(PhaseCosts& costs, const LayerWork& work, const LayerCeilings& ceilings, double element) {
  const auto tokens = static_cast<double>(work.queries), keys = static_cast<double>(work.keys);
  const auto q = static_cast<double>(work.attention_heads * work.head_dim);
  const auto kv = static_cast<double>(work.attention_kv_heads * work.head_dim);
  if (work.sp > 1) costs["heads shared out"] = costs["head norm + rope"];
  costs["head norm + rope"] = traffic(tokens * (q + kv) * (element + 1), ceilings);
  costs["text keys and values"] = traffic(2 * (keys - tokens) * kv, ceilings);
  costs["mean of values"] = traffic(tokens * kv * element, ceilings);
  costs["values in 8 bits"] = traffic(keys * kv * (element + 1), ceilings);
  costs["attention / mean added"] = traffic(2 * tokens * q * element, ceilings);
}

}  // namespace

std::array<LayerProduct, 4> LayerWork::products() const {
  const bool gated = mlp == MlpKind::SwiGlu;
  return {LayerProduct{"qkv product", hidden, q_width() + 2 * kv_width()},
          LayerProduct{"out product", q_width(), hidden},
          LayerProduct{gated ? "gate|up product" : "up product", hidden, mlp_inputs(mlp) * intermediate},
          LayerProduct{"down product", intermediate, hidden}};
}

double LayerWork::product_flops(const LayerProduct& product) const {
  return 2.0 * static_cast<double>(tokens) * static_cast<double>(product.in) * static_cast<double>(product.out);
}

double LayerWork::attention_flops() const {
  return 4.0 * static_cast<double>(queries) * static_cast<double>(keys) *
         static_cast<double>(attention_heads * head_dim);
}

double LayerWork::flops() const {
  double sum = attention_flops();
  for (const LayerProduct& product : products()) sum += product_flops(product);
  return sum;
}

std::int64_t LayerWork::sent_for_heads() const {
  return (sp - 1) * tokens * (attention_heads + 2 * attention_kv_heads) * head_dim;
}

std::int64_t LayerWork::sent_for_tokens() const { return (queries - tokens) * attention_heads * head_dim; }

LayerWork layer_work(const Cosmos3Config& c, std::int64_t tokens, std::int64_t text_tokens, const GridShape& grid) {
  const auto [cfg, tp, sp] = grid;
  const std::int64_t own = Shard{0, sp}.share(tokens).size;
  const HeadShare share = head_share(c.num_attention_heads / tp, c.num_key_value_heads / tp, {0, sp});
  return {.tokens = own,
          .queries = tokens,
          .keys = text_tokens + tokens,
          .hidden = c.hidden_size,
          .heads = c.num_attention_heads / tp,
          .kv_heads = c.num_key_value_heads / tp,
          .attention_heads = share.queries.size,
          .attention_kv_heads = share.keys.size,
          .head_dim = c.head_dim,
          .intermediate = c.intermediate_size / tp,
          .mlp = c.mlp,
          .parts = std::ssize(row_ranges(own, tp)),
          .sp = sp};
}

double LayerCeilings::layer_ms() const { return std::accumulate(product_ms.begin(), product_ms.end(), attention_ms); }

PhaseCosts layer_costs(const LayerWork& work, LayerFormats formats, const LayerCeilings& ceilings, double element) {
  const auto products = work.products();
  const auto parts = static_cast<double>(work.parts);
  const auto product = [&](std::size_t i) {
    return PhaseCost{work.product_flops(products[i]) / parts, 0, ceilings.product_ms[i] / parts};
  };
  const auto numbers = [&](std::int64_t count) { return traffic(static_cast<double>(count) * element, ceilings); };
  const auto part_numbers = [&](double count) { return traffic(count * element / parts, ceilings); };
  const auto rows = static_cast<double>(work.tokens);
  const bool float8_products = formats.products == RowFormat::Float8;
  const double narrow = float8_products ? 1 / element : 1;  // size of a product's input relative to an element
  // Reads the residual stream and the term to add; writes the sum and its norm.
  const PhaseCost norm = part_numbers(rows * static_cast<double>(work.hidden) * (3 + narrow));
  const std::int64_t text_width = work.attention_kv_heads * work.head_dim;
  // RoPE works in place. With sp > 1 it writes into send buffers, values included, and keys and values to every rank.
  const std::int64_t in_place = 2 * work.tokens * (work.q_width() + work.kv_width());
  const std::int64_t shared = work.tokens * (2 * work.q_width() + 2 * work.kv_width() + 2 * work.sp * text_width);
  const std::int64_t rotated = work.sp > 1 ? shared : in_place;
  PhaseCosts costs{{"residual + input norm", norm},
                   {"qkv product", product(0)},
                   {"head norm + rope", numbers(rotated)},
                   {"text keys and values", numbers(4 * (work.keys - work.queries) * text_width)},
                   {"attention", {work.attention_flops(), 0, ceilings.attention_ms}},
                   {"out product", product(1)},
                   {"residual + mlp norm", norm},
                   {std::string(products[2].name), product(2)},
                   {work.mlp == MlpKind::SwiGlu ? "silu * mul" : "squared relu",
                    part_numbers(rows * static_cast<double>(work.intermediate) * (mlp_inputs(work.mlp) + narrow))},
                   {"down product", product(3)}};
  if (formats.attention == RowFormat::Float8) add_float8_attention(costs, work, ceilings, element);
  if (float8_products) {
    costs["attention in 8 bits"] = part_numbers(rows * static_cast<double>(work.q_width()) * (1 + narrow));
  }
  return costs;
}

PhaseCosts branch_costs(const LayerWork& work, const MediaShape& shape, const LayerCeilings& ceilings, double element) {
  const auto numbers = [&](std::int64_t count) { return traffic(static_cast<double>(count) * element, ceilings); };
  const std::int64_t state = work.tokens * work.hidden;
  const std::int64_t patch = shape.streams.at(Stream::Video).token_values();
  const PhaseCost patches =
      traffic(latent_bytes(shape, 1) + element * static_cast<double>(work.queries * patch), ceilings);
  // Products between patches and the hidden size are so narrow that memory bandwidth limits them.
  PhaseCost patch_product = numbers(state + work.tokens * patch);
  patch_product.flops = work.product_flops({"", patch, work.hidden});
  return {{"patchify", patches},
          {"embed", patch_product},
          {"residual + norm out", numbers(4 * state)},
          {"project out", patch_product},
          {"unpatchify", patches}};
}

PhaseCosts sampler_costs(const MediaShape& shape, const LayerCeilings& ceilings) {
  // A guided step, from the third on, reads two velocities and four tensors of the sampler's state and writes three.
  return {{"guidance + sampler step", traffic(latent_bytes(shape, 9), ceilings)}};
}

PhaseCosts step_costs(const LayerWork& work, const MediaShape& shape, LayerFormats formats,
                      const LayerCeilings& ceilings, double element, int at_once) {
  PhaseCosts costs = layer_costs(work, formats, ceilings, element);
  costs.merge(branch_costs(work, shape, ceilings, element));
  const std::array apart{"text keys and values", "patchify", "embed", "project out", "unpatchify"};
  for (auto& [phase, cost] : costs) {
    if (std::find(apart.begin(), apart.end(), phase) == apart.end()) {
      cost = {at_once * cost.flops, at_once * cost.bytes, at_once * cost.best_ms};
    }
  }
  costs.merge(sampler_costs(shape, ceilings));
  return costs;
}

}  // namespace orrery
