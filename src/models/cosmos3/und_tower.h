#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "models/cosmos3/block.h"

namespace orrery {

// What the text contributes to every denoise step: one entry a layer.
struct TextCache {
  std::vector<KeyValue> layers;
  std::int64_t tokens = 0;
};

// The text tower: causal, never sees the video or the timestep, runs once a prompt (MODEL.md §3). Of its last layer
// only the keys and values are wanted, so the rest of that layer is never loaded.
class UndTower {
 public:
  // `tp` must outlive it.
  UndTower(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, const Attention& attention = {});
  // Collective over tp. `ids`: token ids below vocab_size.
  TextCache operator()(const std::vector<std::int64_t>& ids) const;

 private:
  Cosmos3Config config_;
  at::Tensor embedding_;       // (vocab, hidden)
  std::vector<Block> blocks_;  // all layers but the last
  QkvProjection last_;
  Collectives* tp_;
};

}  // namespace orrery
