#include "cosmos3/transformer.h"

namespace orrery {

Transformer::Transformer(const Weights& transformer, const Cosmos3Config& config, Collectives& tp)
    : config_(config), device_(transformer.device()), und_(transformer, config, tp), gen_(transformer, config, tp) {
  for (const char* unused : {"lm_head.", "norm.", "action_"}) transformer.ignore(unused);
  if (!config.sound_gen) transformer.ignore("audio_");
  transformer.require_all_read();
}

}  // namespace orrery
