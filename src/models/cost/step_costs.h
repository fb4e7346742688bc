#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/parallel/grid_shape.h"
#include "models/cosmos3/config.h"
#include "models/cosmos3/media.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {

// One matrix product y = x Wᵀ of the layer, (tokens, in) → (tokens, out) on one rank.
struct LayerProduct {
  std::string_view name;
  std::int64_t in = 0;
  std::int64_t out = 0;
};

// What one rank computes in one layer of the media tower: the first of its sp group, which has the most tokens.
struct LayerWork {
  std::int64_t tokens = 0;   // this rank's: rows of all but attention
  std::int64_t queries = 0;  // all tokens
  std::int64_t keys = 0;     // text and all tokens
  std::int64_t hidden = 0;
  std::int64_t heads = 0;               // of a tp rank
  std::int64_t kv_heads = 0;            // of a tp rank
  std::int64_t attention_heads = 0;     // this rank's in attention
  std::int64_t attention_kv_heads = 0;  // this rank's in attention
  std::int64_t head_dim = 0;
  std::int64_t intermediate = 0;  // this rank's
  MlpKind mlp = MlpKind::SwiGlu;
  std::int64_t parts = 1;  // that its rows are worked on in
  std::int64_t sp = 1;

  std::int64_t q_width() const { return heads * head_dim; }
  std::int64_t kv_width() const { return kv_heads * head_dim; }
  // In order: qkv, out, gate|up (or up alone), down.
  std::array<LayerProduct, 4> products() const;
  // Floating-point operations; a multiplication and an addition are two.
  double product_flops(const LayerProduct& product) const;
  double attention_flops() const;
  double flops() const;
  // Numbers that this rank sends for heads, before attention, and for tokens, behind it.
  std::int64_t sent_for_heads() const;
  std::int64_t sent_for_tokens() const;
};

// `tokens`: of all streams. divides(config, grid) holds.
LayerWork layer_work(const Cosmos3Config& config, std::int64_t tokens, std::int64_t text_tokens,
                     const GridShape& grid = {});

// What one call of a phase computes and moves at least, and what the ceilings allow for it; 0: not known.
struct PhaseCost {
  double flops = 0;
  double bytes = 0;
  double best_ms = 0;
};

// Lower bounds: how long the operations of one layer take on the device, each measured alone and at exactly the layer's
// size. Attention by the fastest of the ranks' kernels.
struct LayerCeilings {
  double attention_ms = 0;
  std::array<double, 4> product_ms{};  // in order of LayerWork::products()
  double in_turn_ms = 0;               // all of these one after another, for seconds: at the clocks of a hot chip
  double copy_gbps = 0;                // a large copy on the device, read and written bytes counted

  // Attention and the four products.
  double layer_ms() const;
  // To move `bytes` through the device's memory.
  double copy_ms(double bytes) const { return copy_gbps > 0 ? bytes / copy_gbps / 1e6 : 0; }
};

// What a layer computes in.
struct LayerFormats {
  RowFormat products = RowFormat::Plain;
  RowFormat attention = RowFormat::Plain;
};

// What a call of each phase costs, by the phase's name. Tensors have `element` bytes a number.
using PhaseCosts = std::map<std::string, PhaseCost>;

// The phases of a layer. With tensor parallelism every part of the rows is a call of its own.
PhaseCosts layer_costs(const LayerWork& work, LayerFormats formats, const LayerCeilings& ceilings, double element);
// The phases of a branch before and after its layers. All tokens are counted as the video's, whatever their stream.
PhaseCosts branch_costs(const LayerWork& work, const MediaShape& shape, const LayerCeilings& ceilings, double element);
// The phases of a step after its branches, for the video's latents.
PhaseCosts sampler_costs(const MediaShape& shape, const LayerCeilings& ceilings);

// All phases of a denoise step, each call of a phase. `at_once`: branches that pass the layers together
// (GenTower::in_one_pass()); `work` is one's.
PhaseCosts step_costs(const LayerWork& work, const MediaShape& shape, LayerFormats formats,
                      const LayerCeilings& ceilings, double element, int at_once = 1);

}  // namespace orrery
