#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "models/kernels/scaled_rows.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"

namespace orrery {

// Bytes of the towers' weights on one rank.
struct TowerBytes {
  std::int64_t text = 0;
  std::int64_t media = 0;
  // On the device at the same time.
  std::int64_t together(bool released) const { return released ? std::max(text, media) : text + media; }
};

// Of a group of `tp` ranks, with the media tower's products in the format given. Reads no weights.
TowerBytes tower_bytes(const CheckpointFiles& checkpoint, int tp, at::ScalarType dtype, RowFormat products);

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
