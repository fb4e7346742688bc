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

// One rank's memory before the towers are loaded. Bytes.
struct TowerRoom {
  std::int64_t free = 0;
  std::int64_t working = 0;  // beside the weights, for the largest clip
};

// Whether both towers leave too little room beside them.
bool too_large_together(const TowerBytes& towers, const TowerRoom& room);

// Why the weights do not fit, with what would; or "". `tp`: of this run. `at_tp` gives the towers' bytes at another tp.
std::string weights_problem(const CheckpointFiles& checkpoint, int tp, bool released, const TowerRoom& room,
                            const std::function<TowerBytes(int tp)>& at_tp);

// GPU memory of rank 0, which holds the most. Bytes.
struct RankMemory {
  TowerBytes towers;
  std::int64_t models = 0;    // weights of the other models
  std::int64_t working = 0;   // of tensors beside the weights, for the largest clip
  std::int64_t reserved = 0;  // the same with room for libraries' workspaces

  // What tensors hold at most.
  std::int64_t peak(bool released) const;
  // Whether the text tower has to go before the media tower comes, with so much memory on a GPU.
  bool releases(TextTower wish, std::int64_t gpu) const;
  // Whether a run would go on.
  bool fits(bool released, std::int64_t gpu) const;
};

}  // namespace orrery
