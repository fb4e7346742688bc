#pragma once

#include <functional>
#include <vector>

#include "base/core/shard.h"
#include "models/cosmos3/transformer.h"
#include "pipeline/token_ids.h"

namespace orrery {

// Token ids of a request's two texts. `uncond` is empty when guidance is off.
struct PromptIds {
  TokenIds cond;
  TokenIds uncond;
  friend bool operator==(const PromptIds&, const PromptIds&) = default;
};

// Gives the keys and values of a text, on the media tower's device: the text tower itself, or what it left. Collective
// over tp.
using TextSource = std::function<TextCache(const TokenIds& ids)>;

// The texts whose branches this rank runs, the conditional one first. Over a cfg group of two, group rank 0 runs the
// conditional branch and rank 1 the unconditional one; over a group of one this rank runs both. Without guidance every
// rank runs the conditional branch.
inline std::vector<TokenIds> own_texts(const PromptIds& ids, bool guided, Shard cfg) {
  if (!guided) return {ids.cond};
  if (cfg.size == 1) return {ids.cond, ids.uncond};
  return {cfg.rank == 0 ? ids.cond : ids.uncond};
}

}  // namespace orrery
