#include "models/cost/rank_memory.h"

#include <algorithm>

namespace orrery {

std::int64_t RankMemory::peak(bool released) const {
  const std::int64_t beside = released ? 0 : towers.text;
  return models + std::max(towers.text, beside + towers.media + working);
}

bool RankMemory::releases(TextTower wish, std::int64_t gpu) const {
  if (wish != TextTower::Auto) return wish == TextTower::Release;
  return too_large_together(towers, {gpu - models, reserved});
}

bool RankMemory::fits(bool released, std::int64_t gpu) const {
  const std::int64_t free = gpu - models;
  const std::int64_t beside = released ? 0 : towers.text;
  return towers.together(released) <= free && beside + towers.media + reserved <= free;
}

}  // namespace orrery
