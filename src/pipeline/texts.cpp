#include "pipeline/texts.h"

namespace orrery {

std::vector<TokenIds> own_texts(const PromptIds& ids, bool guided, Shard cfg) {
  if (!guided) return {ids.cond};
  if (cfg.size == 1) return {ids.cond, ids.uncond};
  return {cfg.rank == 0 ? ids.cond : ids.uncond};
}

}  // namespace orrery
