#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/core/log.h"
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
  // The groups must outlive the object.
  KeptTowers(const Weights& transformer, const Cosmos3Config& config, const TowerGroups& groups,
             const ProductSettings& products = {}, const Attention& attention = {})
      : model_(transformer, config, groups, products, attention) {}

  const Cosmos3Config& config() const override { return model_.config(); }
  at::Device device() const override { return model_.device(); }
  bool prepare(const PromptIds&) override { return false; }
  TextCache text(const TokenIds& ids) const override { return model_.text_tower()(ids); }
  const GenTower& media() const override { return model_.media_tower(); }

 private:
  Transformer model_;
};

// How many requests, from the first of `coming` on, have together at most `tokens` text tokens; a text counts once
// however many requests have it. 1 at least, unless `coming` is empty.
std::size_t text_window(std::span<const PromptIds> coming, std::int64_t tokens);

// One tower at a time, for models that do not fit the device with both: the text tower turns a window of the coming
// requests' texts into keys and values, which wait in host memory, and then makes room for the media tower. A request
// behind the window's end brings the text tower back. Results have the same bits as with both towers kept.
class ReleasedTowers : public Towers {
 public:
  // `coming`: the texts of the requests in the order in which they will be prepared; some may be left out then.
  // `window_bytes`: host memory for this rank's keys and values; one request's are kept whatever they take. The
  // groups, `cfg` and `log` must outlive the object. Reads no weights.
  ReleasedTowers(Weights transformer, const Cosmos3Config& config, const TowerGroups& groups, const Collectives& cfg,
                 std::vector<PromptIds> coming, std::int64_t window_bytes, const Log& log,
                 const ProductSettings& products = {}, Attention attention = {});

  const Cosmos3Config& config() const override { return config_; }
  at::Device device() const override { return transformer_.device(); }
  bool prepare(const PromptIds& ids) override;
  TextCache text(const TokenIds& ids) const override;
  const GenTower& media() const override;

 private:
  // The coming requests from the one with these texts on, which becomes the first.
  std::span<const PromptIds> window_from(const PromptIds& ids);
  void compute_texts(std::span<const PromptIds> window);

  Weights transformer_;
  Cosmos3Config config_;
  TowerGroups groups_;
  const Collectives* cfg_;
  ProductSettings products_;
  Attention attention_;
  const Log* log_;
  std::vector<PromptIds> coming_;
  std::size_t next_ = 0;  // the first of coming_ behind the window
  std::int64_t window_tokens_;
  std::set<TokenIds> window_;  // the texts of both branches: the ranks of both groups begin the next window together
  std::map<TokenIds, at::Tensor> on_host_;  // of this rank's branches: (layers, 2, tokens, kv heads / tp, head_dim)
  std::optional<GenTower> media_;
};

}  // namespace orrery
