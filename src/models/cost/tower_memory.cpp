#include "models/cost/tower_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/numbers.h"
#include "models/cosmos3/transformer.h"
#include "models/cost/memory.h"
#include "models/cost/step_costs.h"
#include "models/zoo/checkpoint_files.h"

namespace orrery {
namespace {

// "tp 4 (31.2 GB a rank)": the smallest tp with which weights and working memory fit; "" when there is none.
std::string larger_group(const Cosmos3Config& config, int tp, bool released, const TowerRoom& room,
                         const std::function<TowerBytes(int tp)>& at_tp) {
  for (int more = tp + 1; more <= config.num_key_value_heads; ++more) {
    if (!divides(config, {.tp = more})) continue;
    const std::int64_t bytes = at_tp(more).together(released);
    if (bytes + room.working <= room.free) {
      return fmt::format("tp {} ({} a rank)", more, gigabytes(bytes));
    }
  }
  return "";
}

// The bytes that 8 bits save in the products' weights, which keep one byte a value and a float32 factor a channel. The
// first and the last layer are not rounded.
std::int64_t saved_by_float8(const Cosmos3Config& config, int tp, at::ScalarType dtype) {
  const auto element = static_cast<std::int64_t>(at::elementSize(dtype));
  std::int64_t layer = 0;
  for (const LayerProduct& product : layer_work(config, 0, 0, {.tp = tp}).products()) {
    layer += product.out * (product.in * (element - 1) - static_cast<std::int64_t>(sizeof(float)));
  }
  return std::max<std::int64_t>(config.num_hidden_layers - 2, 0) * layer;
}

}  // namespace

TowerBytes tower_bytes(const CheckpointFiles& checkpoint, int tp, at::ScalarType dtype,
                       const ProductSettings& products) {
  AuditGroup group(Shard{0, tp});
  const auto bytes_of = [&](auto build) {
    const Weights weights(checkpoint.transformer, group.shard(), at::kMeta, dtype);
    build(weights);
    return weights.bytes();
  };
  const Cosmos3Config& config = checkpoint.transformer_config;
  // Weights that are rounded only after reading are counted unrounded here.
  const bool rounds = products.format == RowFormat::Float8 && !checkpoint.transformer->is_quantised();
  const ProductSettings as_read = rounds ? ProductSettings{} : products;
  return {bytes_of([&](const Weights& weights) { return UndTower(weights, config, group, {}, as_read); }),
          bytes_of([&](const Weights& weights) { return GenTower(weights, config, group, as_read); }) -
              (rounds ? saved_by_float8(config, tp, dtype) : 0)};
}

bool too_large_together(const TowerBytes& towers, const TowerRoom& room) {
  return towers.together(/*released=*/false) + room.working > room.free;
}

std::string weights_problem(const CheckpointFiles& checkpoint, int tp, bool released, const TowerRoom& room,
                            const std::function<TowerBytes(int tp)>& at_tp) {
  const TowerBytes towers = at_tp(tp);
  const std::int64_t needed = towers.together(released);
  if (needed <= room.free) return "";
  std::string helps;
  const std::int64_t alone = towers.together(/*released=*/true);
  if (!released && alone + room.working <= room.free) {
    helps += fmt::format("a released text tower ({} at a time), ", gigabytes(alone));
  }
  const std::string group = larger_group(checkpoint.transformer_config, tp, released, room, at_tp);
  if (!group.empty()) helps += group + ", ";
  return fmt::format(
      "the weights of {} do not fit this GPU: a rank needs {} at a time (text tower {}, media tower {}{}), "
      "{} are free: use {}a GPU with more memory or a smaller model",
      checkpoint.name(), gigabytes(needed), gigabytes(towers.text), gigabytes(towers.media),
      released ? ", one after the other" : "", gigabytes(room.free), helps);
}

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
