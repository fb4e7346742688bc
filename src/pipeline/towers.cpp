#include "pipeline/towers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "base/device/device_memory.h"
#include "pipeline/clip_needs.h"

namespace orrery {
namespace {

std::vector<const TokenIds*> texts_of(const PromptIds& ids) {
  if (ids.uncond.empty()) return {&ids.cond};
  return {&ids.cond, &ids.uncond};
}

ModelLayout layout_of(const Weights& transformer) {
  return {{.tp = transformer.tp().size}, static_cast<std::int64_t>(at::elementSize(transformer.dtype()))};
}

// Packs a text into one host tensor, so that it moves to the device in one copy.
at::Tensor to_host(const TextCache& cache) {
  std::vector<at::Tensor> layers;
  for (const KeyValue& kv : cache.layers) layers.push_back(at::stack({kv.k, kv.v}));
  return at::stack(layers).to(at::kCPU);
}

TextCache to_device(const at::Tensor& on_host, at::Device device) {
  const at::Tensor all = on_host.to(device);
  TextCache cache;
  cache.tokens = all.size(2);
  for (std::int64_t i = 0; i < all.size(0); ++i) cache.layers.push_back({all[i][0], all[i][1]});
  return cache;
}

}  // namespace

std::size_t text_window(std::span<const PromptIds> coming, std::int64_t tokens) {
  std::set<TokenIds> seen;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < coming.size(); ++i) {
    for (const TokenIds* text : texts_of(coming[i])) {
      if (seen.insert(*text).second) sum += static_cast<std::int64_t>(text->size());
    }
    if (sum > tokens) return std::max<std::size_t>(i, 1);
  }
  return coming.size();
}

ReleasedTowers::ReleasedTowers(Weights transformer, const Cosmos3Config& config, const TowerGroups& groups,
                               const Collectives& cfg, std::vector<PromptIds> coming, std::int64_t window_bytes,
                               const Log& log, const ProductSettings& products, Attention attention)
    : transformer_(std::move(transformer)),
      config_(config),
      groups_(groups),
      cfg_(&cfg),
      products_(products),
      attention_(std::move(attention)),
      log_(&log),
      coming_(std::move(coming)),
      window_tokens_(window_bytes / text_cache_bytes(config, 1, layout_of(transformer_))) {}

bool ReleasedTowers::prepare(const PromptIds& ids) {
  const std::vector<const TokenIds*> texts = texts_of(ids);
  const auto in_window = [this](const TokenIds* text) { return window_.contains(*text); };
  if (media_ && std::all_of(texts.begin(), texts.end(), in_window)) return false;
  media_.reset();
  release_unused_memory(device());
  compute_texts(window_from(ids));
  release_unused_memory(device());
  media_.emplace(transformer_, config_, groups_, products_, attention_);
  require_transformer_read(transformer_, config_);
  return true;
}

std::span<const PromptIds> ReleasedTowers::window_from(const PromptIds& ids) {
  const auto found = std::find(coming_.begin() + static_cast<std::ptrdiff_t>(next_), coming_.end(), ids);
  require(found != coming_.end(), "a request's texts were not among those announced, or come out of turn");
  const std::span<const PromptIds> rest(found, coming_.end());
  const std::size_t count = text_window(rest, window_tokens_);
  next_ = static_cast<std::size_t>(found - coming_.begin()) + count;
  return rest.first(count);
}

void ReleasedTowers::compute_texts(std::span<const PromptIds> window) {
  window_.clear();
  for (const PromptIds& ids : window) {
    for (const TokenIds* text : texts_of(ids)) window_.insert(*text);
  }
  std::erase_if(on_host_, [this](const auto& entry) { return !window_.contains(entry.first); });
  log_->info(fmt::format("computing {} texts, then the text tower makes room", window_.size()));
  const UndTower tower(transformer_, config_, *groups_.tp, attention_, products_);
  for (const PromptIds& ids : window) {
    for (const TokenIds& own : own_texts(ids, !ids.uncond.empty(), cfg_->shard())) {
      if (!on_host_.contains(own)) on_host_.emplace(own, to_host(tower(own)));
    }
  }
}

TextCache ReleasedTowers::text(const TokenIds& ids) const {
  const auto found = on_host_.find(ids);
  require(found != on_host_.end(), "a text was asked for that was not prepared");
  return to_device(found->second, device());
}

const GenTower& ReleasedTowers::media() const {
  require(media_.has_value(), "the media tower was asked for before a request was prepared");
  return *media_;
}

}  // namespace orrery
