#include "models/nn/sequence_parallel.h"

#include "models/nn/phase.h"

namespace orrery {
namespace {

// The slice of `x` for each range of its rows.
std::vector<at::Tensor> slices_of(const at::Tensor& x, const std::vector<Range>& ranges) {
  std::vector<at::Tensor> slices;
  slices.reserve(ranges.size());
  for (const Range& range : ranges) slices.push_back(x.narrow(0, range.begin, range.size));
  return slices;
}

}  // namespace

SequenceParallel::SequenceParallel(Collectives* sp, std::int64_t tokens, std::int64_t heads, std::int64_t kv_heads)
    : sp_(sp), shard_(sp == nullptr ? Shard{} : sp->shard()), tokens_(tokens) {
  heads_ = head_share(heads, kv_heads, shard_);
  ranges_.clear();
  for (int rank = 0; rank < shard_.size; ++rank) ranges_.push_back(Shard{rank, shard_.size}.share(tokens));
}

at::Tensor SequenceParallel::own_heads(const at::Tensor& text) const {
  return text.narrow(1, heads_.keys.begin, heads_.keys.size).contiguous();
}

SharedHeads SequenceParallel::shared_heads(const at::Tensor& all) const {
  return {at::empty({shard_.size - 1, own().size, all.size(1), all.size(2)}, all.options()),
          all.narrow(0, own().begin, own().size), shard_};
}

void SequenceParallel::to_heads(const SharedHeads& shared, const at::Tensor& all) const {
  std::vector<at::Tensor> to = shared.others.unbind(0);
  to.insert(to.begin() + shard_.rank, shared.own);
  sp_->all_to_all(to, slices_of(all, ranges_));
}

at::Tensor SequenceParallel::to_tokens(at::Tensor attended) const {
  if (!is_shared()) return attended;
  const std::vector<at::Tensor> to = slices_of(attended, ranges_);
  std::vector<at::Tensor> from(to.size(), to[rank()]);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (i != rank()) from[i] = at::empty_like(to[rank()]);
  }
  phase("attention all-to-all", [&] { sp_->all_to_all(to, from); });
  return phase("join heads", [&] { return at::cat(from, 1); });
}

at::Tensor SequenceParallel::gather(const at::Tensor& own_rows, const Range& part) const {
  if (!is_shared()) return own_rows;
  const at::Tensor all = at::empty({part.size, own_rows.size(1)}, own_rows.options());
  std::vector<Range> places;
  for (const Range& range : ranges_) places.push_back(within(range, part));
  phase("velocity all-to-all",
        [&] { sp_->all_to_all(std::vector<at::Tensor>(ranges_.size(), own_rows), slices_of(all, places)); });
  return all;
}

}  // namespace orrery
