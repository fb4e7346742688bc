#pragma once

#include "models/cosmos3/transformer.h"
#include "pipeline/texts.h"

namespace orrery {

// The transformer as the requests of a run use it, whether or not both towers are on the device at once.
class Towers {
 public:
  virtual ~Towers() = default;

  virtual const Cosmos3Config& config() const = 0;
  virtual at::Device device() const = 0;
  // Gets ready for a request with these texts. True when weights were loaded for it. Collective over tp, and the ranks
  // of all groups prepare the same requests.
  virtual bool prepare(const PromptIds& ids) = 0;
  // A text of the request that was prepared. Collective over tp.
  virtual TextCache text(const TokenIds& ids) const = 0;
  // Valid until the next prepare().
  virtual const GenTower& media() const = 0;
};

// Both towers, on the device all the time.
class KeptTowers : public Towers {
 public:
  // `tp` must outlive the object.
  KeptTowers(const Weights& transformer, const Cosmos3Config& config, Collectives& tp,
             RowFormat products = RowFormat::Plain, const Attention& attention = {})
      : model_(transformer, config, tp, products, attention) {}

  const Cosmos3Config& config() const override { return model_.config(); }
  at::Device device() const override { return model_.device(); }
  bool prepare(const PromptIds&) override { return false; }
  TextCache text(const TokenIds& ids) const override { return model_.text_tower()(ids); }
  const GenTower& media() const override { return model_.media_tower(); }

 private:
  Transformer model_;
};

}  // namespace orrery
