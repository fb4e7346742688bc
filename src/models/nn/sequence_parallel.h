#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "models/kernels/head_norm_rope.h"

namespace orrery {

// Splits one sequence over a group of ranks (DeepSpeed-Ulysses, Jacobs et al. 2023). Outside attention a rank has a
// part of the tokens with all heads of its tp rank; in attention it has all tokens with a part of these heads, with an
// all-to-all before and after. No sum is split, so every row has the bits that a single rank would compute. A group of
// one has everything and exchanges nothing.
class SequenceParallel {
 public:
  // An empty sequence.
  SequenceParallel() = default;
  // `sp` must outlive the object; null means a group of one. `heads` and `kv_heads` are those of a tp rank, within the
  // limits of head_share().
  SequenceParallel(Collectives* sp, std::int64_t tokens, std::int64_t heads, std::int64_t kv_heads);

  bool is_shared() const { return ranges_.size() > 1; }
  std::int64_t tokens() const { return tokens_; }       // of the whole sequence
  const Range& own() const { return ranges_[rank()]; }  // this rank's tokens outside of attention
  const HeadShare& heads() const { return heads_; }     // this rank's heads in attention
  // This rank's heads of a text's keys or values (tokens, kv_heads, head_dim).
  at::Tensor own_heads(const at::Tensor& text) const;

  // The destination of share_heads() for this rank's tokens: this rank's heads go to `all` (tokens, total heads of a
  // share, head_dim), the heads of other ranks to new memory.
  SharedHeads shared_heads(const at::Tensor& all) const;
  // Fills the other ranks' tokens in `all` by an all-to-all of `shared`. Collective.
  void to_heads(const SharedHeads& shared, const at::Tensor& all) const;
  // Exchanges attention's results: from all tokens with this rank's heads (tokens, width), contiguous, to this rank's
  // tokens with all heads (own tokens, ranks · width). Collective.
  at::Tensor to_tokens(at::Tensor attended) const;
  // Gathers the rows of the tokens in `part` from all ranks: (part.size, width). `own_rows` are those of this rank's
  // tokens in the part, contiguous. Collective.
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
