#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "models/cosmos3/config.h"

namespace orrery {

// One matrix product y = x Wᵀ of the layer, (tokens, in) → (tokens, out) on one rank.
struct LayerProduct {
  std::string_view name;
  std::int64_t in = 0;
  std::int64_t out = 0;
};

// What one rank of a tp group computes in one layer of the media tower.
struct LayerWork {
  std::int64_t tokens = 0;
  std::int64_t keys = 0;  // text and tokens
  std::int64_t hidden = 0;
  std::int64_t heads = 0;     // this rank's
  std::int64_t kv_heads = 0;  // this rank's
  std::int64_t head_dim = 0;
  std::int64_t intermediate = 0;  // this rank's
  std::int64_t parts = 1;         // that its rows are worked on in

  std::int64_t q_width() const { return heads * head_dim; }
  std::int64_t kv_width() const { return kv_heads * head_dim; }
  // In order: qkv, out, gate|up, down.
  std::array<LayerProduct, 4> products() const;
  // Floating-point operations; a multiplication and an addition are two.
  double product_flops(const LayerProduct& product) const;
  double attention_flops() const;
  double flops() const;
};

// `tp` divides the config's heads, kv heads and intermediate size.
LayerWork layer_work(const Cosmos3Config& config, std::int64_t tokens, std::int64_t text_tokens, int tp);

}  // namespace orrery
