#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "base/core/shard.h"
#include "base/parallel/collectives.h"
#include "models/kernels/head_norm_rope.h"

namespace orrery {

// Splits one sequence over a group of ranks (DeepSpeed-Ulysses, Jacobs et al. 2023). Outside attention a rank has a
// part of the tokens with all heads of its tp rank; in attention it has all tokens with a part of these heads, with an
// all-to-all before and after. No sum is split, so every row has the bits that a single rank would compute. A group of
// one has everything and exchanges nothing.
//
// Where the group has windows (Collectives::window), the exchanges overlap the computation around them.
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

  // Returns this rank's heads of some of the sequence's tokens after attention: (part.size, heads of a share ·
  // head_dim), contiguous.
  using Attend = std::function<at::Tensor(const Range& part)>;
  // Calls `attend` for all tokens, at once or in parts, whose results are sent while the next part is computed: first
  // other ranks' tokens, then this rank's. Returns all heads of this rank's tokens: (own tokens, heads · head_dim) in
  // `options`. Collective.
  at::Tensor to_tokens(std::int64_t head_dim, const at::TensorOptions& options, const Attend& attend) const;
  // Gathers the rows of the tokens in `part` from all ranks: (part.size, width). `own_rows` are those of this rank's
  // tokens in the part, contiguous. Collective.
  at::Tensor gather(const at::Tensor& own_rows, const Range& part) const;

 private:
  friend class HeadsExchange;
  std::size_t rank() const { return static_cast<std::size_t>(shard_.rank); }
  // The numbers of the group's windows: before attention and after it.
  static constexpr int kBefore = 0, kAfter = 1;
  // Fills this rank's tokens with its own heads in `joined`, and sends the other ranks'.
  void attend_in_parts(const Attend& attend, RowWindow& window, const at::Tensor& joined) const;
  // to_tokens() without overlap, of all tokens with this rank's heads.
  at::Tensor exchanged_at_once(const at::Tensor& attended) const;

  Collectives* sp_ = nullptr;
  Shard shard_;
  std::int64_t tokens_ = 0;
  HeadShare heads_;
  std::vector<Range> ranges_{Range{}};  // the tokens of each rank
};

// The all-to-all before attention of one layer: from this rank's tokens with all heads to all tokens with this rank's
// heads.
class HeadsExchange {
 public:
  // `sequence` must outlive the object. `after`: rows to leave after those of the sequence's tokens. Collective.
  HeadsExchange(const SequenceParallel& sequence, std::int64_t after, std::int64_t head_dim,
                const at::TensorOptions& options);

  // The result: (tokens + after, total heads of a share, head_dim). Complete after finish().
  const at::Tensor& all() const { return all_; }
  // The pieces in which these rows of this rank's tokens are to be computed and sent, in order.
  std::vector<Range> pieces(const Range& rows) const;
  // The destination of share_heads() for a piece: this rank's heads go to all(), those of other ranks to send buffers.
  SharedHeads target(const Range& piece) const;
  // Sends a piece whose target has been filled. Every rank sends each of its rows once. Not collective.
  void send(const Range& piece) const;
  // Makes the current stream wait for the other ranks' rows. Collective.
  void finish() const;

 private:
  std::int64_t slot_of(int rank) const { return rank < sequence_.shard_.rank ? rank : rank - 1; }

  const SequenceParallel& sequence_;
  RowWindow* window_;  // null: without overlap
  at::Tensor all_;
  at::Tensor others_;  // (ranks - 1, own tokens, total heads of a share, head_dim): what is sent to the other ranks
};

}  // namespace orrery
