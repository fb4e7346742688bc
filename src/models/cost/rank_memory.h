#pragma once

#include <cstdint>

#include "models/cost/tower_memory.h"
#include "models/zoo/model_options.h"

namespace orrery {

// What the rank with most of it, rank 0, holds in GPU memory. Bytes.
struct RankMemory {
  TowerBytes towers;
  std::int64_t models = 0;    // what is beside the transformer
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
