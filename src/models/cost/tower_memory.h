#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "models/nn/linear.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"

namespace orrery {

// Bytes of the towers' weights on one rank.
struct TowerBytes {
  std::int64_t text = 0;
  std::int64_t media = 0;
  // Peak on the device: both, or the larger one when one tower is released before the other is loaded.
  std::int64_t together(bool released) const { return released ? std::max(text, media) : text + media; }
};

// The towers' bytes on one rank of a group of `tp` ranks, with the media tower's products in the format `products`.
// Reads no weights.
TowerBytes tower_bytes(const CheckpointFiles& checkpoint, int tp, at::ScalarType dtype,
                       const ProductSettings& products);

// One rank's memory before the towers are loaded [bytes].
struct TowerRoom {
  std::int64_t free = 0;
  std::int64_t working = 0;  // needed besides the weights for the largest clip
};

// Whether both towers and the working memory together do not fit.
bool too_large_together(const TowerBytes& towers, const TowerRoom& room);

// Why the weights do not fit and what would help; "" when they fit. at_tp(n) returns the towers' bytes for tp n.
std::string weights_problem(const CheckpointFiles& checkpoint, int tp, bool released, const TowerRoom& room,
                            const std::function<TowerBytes(int tp)>& at_tp);

// GPU memory of rank 0, which needs the most [bytes].
struct RankMemory {
  TowerBytes towers;
  std::int64_t models = 0;    // weights of the other models
  std::int64_t working = 0;   // tensors besides the weights, for the largest clip
  std::int64_t reserved = 0;  // `working` plus a margin for libraries' workspaces

  // The peak of all tensors together.
  std::int64_t peak(bool released) const;
  // Whether the text tower is released before the media tower is loaded, on a GPU with `gpu` bytes.
  bool releases(TextTower wish, std::int64_t gpu) const;
  // Whether a run fits a GPU with `gpu` bytes.
  bool fits(bool released, std::int64_t gpu) const;
};

}  // namespace orrery
