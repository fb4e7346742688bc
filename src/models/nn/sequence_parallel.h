#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "models/kernels/head_norm_rope.h"

namespace orrery {

// How a group of ranks shares one sequence (DeepSpeed-Ulysses, Jacobs et al. 2023). Outside of attention a rank has
// some of the tokens, with all heads of its tp rank; in attention it has all tokens, with some of the heads: an
// all-to-all lies before and behind. No sum is cut, so that every row has the bits that one rank would give it. A group
// of one has all of both, and exchanges nothing.
class SequenceParallel {
 public:
  // No tokens.
  SequenceParallel() = default;
  // `sp` must outlive the object; null: a group of one. `heads`, `kv_heads`: of a tp rank; head_share() says what can
  // be shared.
  SequenceParallel(Collectives* sp, std::int64_t tokens, std::int64_t heads, std::int64_t kv_heads);

  bool is_shared() const { return ranges_.size() > 1; }
  std::int64_t tokens() const { return tokens_; }       // of all ranks
  const Range& own() const { return ranges_[rank()]; }  // this rank's tokens outside of attention
  const HeadShare& heads() const { return heads_; }     // this rank's heads in attention
  // This rank's heads of a text's keys or values (tokens, kv_heads, head_dim).
  at::Tensor own_heads(const at::Tensor& text) const;

  // Where share_heads() puts this rank's tokens: those for this rank into `all` (tokens, total of a share, head_dim).
  SharedHeads shared_heads(const at::Tensor& all) const;
  // Fills the other tokens of `all`. Collective.
  void to_heads(const SharedHeads& shared, const at::Tensor& all) const;
  // Attention's results, of all tokens for this rank's heads (tokens, width), contiguous → of this rank's tokens for
  // all heads (own tokens, ranks · width). Collective.
  at::Tensor to_tokens(at::Tensor attended) const;
  // The rows of the tokens in `part` from all ranks (size of the part, width). `own_rows`: of this rank's tokens in the
  // part, contiguous. Collective.
  at::Tensor gather(const at::Tensor& own_rows, const Range& part) const;

 private:
  std::size_t rank() const { return static_cast<std::size_t>(shard_.rank); }

  Collectives* sp_ = nullptr;
  Shard shard_;
  std::int64_t tokens_ = 0;
  HeadShare heads_;
  std::vector<Range> ranges_{Range{}};  // the tokens of each rank
};

}  // namespace orrery
