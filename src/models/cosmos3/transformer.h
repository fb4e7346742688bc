#pragma once

#include "models/cosmos3/gen_tower.h"
#include "models/cosmos3/und_tower.h"

namespace orrery {

// Fails unless every tensor of the source was read, through `transformer` or a Weights that shares its record, or is
// known not to be needed. After both towers were built, together or one after the other.
void require_transformer_read(const Weights& transformer, const Cosmos3Config& config);

// Both towers of one checkpoint. Building it reads this rank's share of the weights and fails unless every tensor of
// the source was read or is known not to be needed.
class Transformer {
 public:
  // `products` as for GenTower; both towers compute `attention` alike. `tp` must outlive it.
  Transformer(const Weights& transformer, const Cosmos3Config& config, Collectives& tp,
              RowFormat products = RowFormat::Plain, const Attention& attention = {});

  const Cosmos3Config& config() const { return config_; }
  at::Device device() const { return device_; }
  const UndTower& text_tower() const { return und_; }
  const GenTower& media_tower() const { return gen_; }

 private:
  Cosmos3Config config_;
  at::Device device_;
  UndTower und_;
  GenTower gen_;
};

}  // namespace orrery
