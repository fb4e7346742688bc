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

// Returns the keys and values of a text on the media tower's device, from the text tower or from a cache. Collective
// over tp.
using TextSource = std::function<TextCache(const TokenIds& ids)>;

// The texts of the branches that this rank runs, the conditional one first. Over a cfg group of two, group rank 0 runs
// the conditional branch and rank 1 the unconditional one; over a group of one this rank runs both. Without guidance
// every rank runs the conditional branch.
inline std::vector<TokenIds> own_texts(const PromptIds& ids, bool guided, Shard cfg) {
  if (!guided) return {ids.cond};
  if (cfg.size == 1) return {ids.cond, ids.uncond};
  return {cfg.rank == 0 ? ids.cond : ids.uncond};
}

// The transformer for the requests of a run, whether or not both towers are on the device at the same time.
class Towers {
 public:
  virtual ~Towers() = default;

  virtual const Cosmos3Config& config() const = 0;
  virtual at::Device device() const = 0;
  // Prepares for a request with these texts; returns true when it loaded weights. Collective over tp; the ranks of all
  // groups must prepare the same requests.
  virtual bool prepare(const PromptIds& ids) = 0;
  // The keys and values of a text of the prepared request. Collective over tp.
  virtual TextCache text(const TokenIds& ids) const = 0;
  // The media tower; valid until the next prepare().
  virtual const GenTower& media() const = 0;
};

// Keeps both towers on the device all the time.
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

// The number of requests, from the first of `coming` on, whose texts have at most `tokens` tokens together; a text that
// several requests have counts once. At least 1 unless `coming` is empty.
std::size_t text_window(std::span<const PromptIds> coming, std::int64_t tokens);

// Keeps one tower at a time on the device, for models whose towers do not fit together. The text tower computes keys
// and values for a window of the coming requests' texts, which are kept in host memory, and is then replaced by the
// media tower. A request after the window loads the text tower again. Results have the same bits as with both towers
// kept.
class ReleasedTowers : public Towers {
 public:
  // `coming` are the texts of the requests in the order in which they will be prepared; some may later be skipped.
  // `window_bytes` is the host memory for this rank's keys and values; one request's are kept whatever their size. The
  // groups, `cfg` and `log` must outlive the object. The constructor reads no weights.
  ReleasedTowers(Weights transformer, const Cosmos3Config& config, const TowerGroups& groups, const Collectives& cfg,
                 std::vector<PromptIds> coming, std::int64_t window_bytes, const Log& log,
                 const ProductSettings& products = {}, Attention attention = {});

  const Cosmos3Config& config() const override { return config_; }
  at::Device device() const override { return transformer_.device(); }
  bool prepare(const PromptIds& ids) override;
  TextCache text(const TokenIds& ids) const override;
  const GenTower& media() const override;

 private:
  // The coming requests, beginning with the one that has these texts.
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
  std::size_t next_ = 0;  // index in coming_ of the first request after the window
  std::int64_t window_tokens_;
  std::set<TokenIds> window_;               // texts of both branches, so that all groups start windows together
  std::map<TokenIds, at::Tensor> on_host_;  // by text: (layers, 2, tokens, kv heads / tp, head_dim)
  std::optional<GenTower> media_;
};

}  // namespace orrery
