#include "models/cosmos3/transformer.h"

namespace orrery {

void require_transformer_read(const Weights& transformer, const Cosmos3Config& config) {
  for (const char* unused : {"lm_head.", "norm.", "action_"}) transformer.ignore(unused);
  for (const StreamKind& kind : kStreamKinds) {
    if (kind.channels(config) == 0) transformer.ignore(kind.tensors);
  }
  transformer.require_all_read();
}

Transformer::Transformer(const Weights& transformer, const Cosmos3Config& config, Collectives& tp, RowFormat products,
                         const Attention& attention)
    : config_(config),
      device_(transformer.device()),
      und_(transformer, config, tp, attention),
      gen_(transformer, config, tp, products, attention) {
  require_transformer_read(transformer, config);
}

}  // namespace orrery
