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

// The work of one rank in one layer of the media tower: of the first rank of an sp group, which has the most tokens.
struct LayerWork {
  std::int64_t tokens = 0;   // on this rank: rows of everything but attention
  std::int64_t queries = 0;  // all ranks' tokens
  std::int64_t keys = 0;     // text tokens and all ranks' tokens
  std::int64_t hidden = 0;
  std::int64_t heads = 0;               // projected on one tp rank
  std::int64_t kv_heads = 0;            // projected on one tp rank
  std::int64_t attention_heads = 0;     // on this rank in attention
  std::int64_t attention_kv_heads = 0;  // on this rank in attention
  std::int64_t head_dim = 0;
  std::int64_t intermediate = 0;  // on this rank
  MlpKind mlp = MlpKind::SwiGlu;
  std::int64_t parts = 1;  // chunks of rows that are computed one after another (row_ranges())
  std::int64_t sp = 1;

  std::int64_t q_width() const { return heads * head_dim; }
  std::int64_t kv_width() const { return kv_heads * head_dim; }
  // In order: qkv, out, gate|up (or up alone), down.
  std::array<LayerProduct, 4> products() const;
  // FLOPs; a multiplication and an addition are two.
  double product_flops(const LayerProduct& product) const;
  double attention_flops() const;
  double flops() const;
  // Values that this rank sends in the all-to-alls before attention, for heads, and after it, for tokens.
  std::int64_t sent_for_heads() const;
  std::int64_t sent_for_tokens() const;
};

// `tokens` counts the tokens of all streams. Requires divides(config, grid).
LayerWork layer_work(const Cosmos3Config& config, std::int64_t tokens, std::int64_t text_tokens,
                     const GridShape& grid = {});

// The FLOPs and the least memory traffic of one call of a phase, and its time at the ceilings; 0: not known.
struct PhaseCost {
  double flops = 0;
  double bytes = 0;
  double best_ms = 0;
};

// Lower bounds for the time of a layer: the time of each of its operations on the device, measured alone at exactly the
// layer's size; for attention, with the fastest of the ranks' kernels.
struct LayerCeilings {
  double attention_ms = 0;
  std::array<double, 4> product_ms{};  // in order of LayerWork::products()
  double in_turn_ms = 0;               // all of these one after another, repeated until the GPU is hot and clocks lower
  double copy_gbps = 0;                // bandwidth of a large copy on the device, reads plus writes

  // The sum of attention and the four products.
  double layer_ms() const;
  // The time to read and write `bytes` in total; 0 when the bandwidth is not known.
  double copy_ms(double bytes) const { return copy_gbps > 0 ? bytes / copy_gbps / 1e6 : 0; }
};

// The number formats of a layer.
struct LayerFormats {
  RowFormat products = RowFormat::Plain;
  RowFormat attention = RowFormat::Plain;
};

// The cost of one call of each phase, by the phase's name. Below, `element` is the bytes of a tensor's element.
using PhaseCosts = std::map<std::string, PhaseCost>;

// The phases of a layer. With tensor parallelism, each chunk of rows is a separate call.
PhaseCosts layer_costs(const LayerWork& work, LayerFormats formats, const LayerCeilings& ceilings, double element);
// The phases of a branch before and after its layers. Counts the tokens of all streams as video tokens.
PhaseCosts branch_costs(const LayerWork& work, const MediaShape& shape, const LayerCeilings& ceilings, double element);
// The phases of a step after its branches, for the video latents only.
PhaseCosts sampler_costs(const MediaShape& shape, const LayerCeilings& ceilings);

// All phases of a denoise step. `at_once` is the number of branches that pass through the layers together
// (GenTower::in_one_pass()), `work` that of one branch.
PhaseCosts step_costs(const LayerWork& work, const MediaShape& shape, LayerFormats formats,
                      const LayerCeilings& ceilings, double element, int at_once = 1);

}  // namespace orrery
