#include "models/cost/layer_work.h"

#include <iterator>

#include "models/nn/residual.h"

namespace orrery {

std::array<LayerProduct, 4> LayerWork::products() const {
  return {LayerProduct{"qkv product", hidden, q_width() + 2 * kv_width()},
          LayerProduct{"out product", q_width(), hidden}, LayerProduct{"gate|up product", hidden, 2 * intermediate},
          LayerProduct{"down product", intermediate, hidden}};
}

double LayerWork::product_flops(const LayerProduct& product) const {
  return 2.0 * static_cast<double>(tokens) * static_cast<double>(product.in) * static_cast<double>(product.out);
}

double LayerWork::attention_flops() const {
  return 4.0 * static_cast<double>(tokens) * static_cast<double>(keys) * static_cast<double>(q_width());
}

double LayerWork::flops() const {
  double sum = attention_flops();
  for (const LayerProduct& product : products()) sum += product_flops(product);
  return sum;
}

LayerWork layer_work(const Cosmos3Config& c, std::int64_t tokens, std::int64_t text_tokens, int tp) {
  return {.tokens = tokens,
          .keys = text_tokens + tokens,
          .hidden = c.hidden_size,
          .heads = c.num_attention_heads / tp,
          .kv_heads = c.num_key_value_heads / tp,
          .head_dim = c.head_dim,
          .intermediate = c.intermediate_size / tp,
          .parts = std::ssize(row_ranges(tokens, tp))};
}

}  // namespace orrery
