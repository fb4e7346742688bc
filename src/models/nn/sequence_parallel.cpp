#include "models/nn/sequence_parallel.h"

#include <c10/util/accumulate.h>

#include <array>

#include "base/device/side_streams.h"
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

// The ranges begin, ..., end - 1 as one; empty if there are none.
Range join(const std::vector<Range>& ranges, int begin, int end) {
  Range joined;
  for (int i = begin; i < end; ++i) {
    const Range& range = ranges[static_cast<std::size_t>(i)];
    joined = {i == begin ? range.begin : joined.begin, joined.size + range.size};
  }
  return joined;
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

at::Tensor SequenceParallel::to_tokens(std::int64_t head_dim, const at::TensorOptions& options,
                                       const Attend& attend) const {
  const Range every{0, tokens_};
  if (!is_shared()) return phase("attention", [&] { return attend(every); });
  const std::int64_t width = heads_.queries.size * head_dim, row = shard_.size * width;
  RowWindow* const window = sp_->window(kAfter);
  const at::Tensor joined =
      window == nullptr ? at::Tensor() : window->begin({own().size, row}, ranges_.front().size * row, options);
  if (!joined.defined()) return exchanged_at_once(phase("attention", [&] { return attend(every); }));
  phase("attention", [&] { attend_in_parts(attend, *window, joined); });
  phase("attention all-to-all", [&] { window->finish(); });
  return joined;
}

void SequenceParallel::attend_in_parts(const Attend& attend, RowWindow& window, const at::Tensor& joined) const {
  const std::int64_t width = joined.size(1) / shard_.size, column = shard_.rank * width;
  SideStreams streams(joined.device());
  const auto send = [&](int begin, int end) {  // the rows of ranks begin, ..., end - 1
    const Range part = join(ranges_, begin, end);
    if (part.size == 0) return;
    streams.run([&] {
      const at::Tensor rows = attend(part);
      for (int to = begin; to < end; ++to) {
        const Range& range = ranges_[static_cast<std::size_t>(to)];
        if (range.size > 0) {
          window.put(to, rows.narrow(0, range.begin - part.begin, range.size), column, joined.size(1));
        }
      }
    });
  };
  send(shard_.rank + 1, shard_.size);
  send(0, shard_.rank);
  if (own().size > 0) {
    streams.run([&] { joined.narrow(1, column, width).copy_(attend(own())); });
  }
  streams.join();
}

at::Tensor SequenceParallel::exchanged_at_once(const at::Tensor& attended) const {
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

HeadsExchange::HeadsExchange(const SequenceParallel& sequence, std::int64_t after, std::int64_t head_dim,
                             const at::TensorOptions& options)
    : sequence_(sequence), window_(sequence.sp_->window(SequenceParallel::kBefore)) {
  const std::int64_t heads = sequence.heads().total();
  const std::array sizes{sequence.tokens() + after, heads, head_dim};
  if (window_ != nullptr) all_ = window_->begin(sizes, c10::multiply_integers(sizes), options);
  if (!all_.defined()) {
    window_ = nullptr;
    all_ = at::empty(sizes, options);
  }
  others_ = at::empty({sequence.shard_.size - 1, sequence.own().size, heads, head_dim}, options);
}

std::vector<Range> HeadsExchange::pieces(const Range& rows) const {
  // Only the last rows of all are split: while they are computed, those before them are sent.
  const bool last = rows.end() == sequence_.own().size;
  if (window_ == nullptr || !last) return {rows};
  std::vector<Range> pieces;
  Range rest = rows;
  while (rest.size >= 2 * window_->worthwhile_rows()) {
    const std::int64_t half = rest.size / 2;
    pieces.push_back({rest.begin, rest.size - half});
    rest = {rest.end() - half, half};
  }
  pieces.push_back(rest);
  return pieces;
}

SharedHeads HeadsExchange::target(const Range& piece) const {
  return {others_.narrow(1, piece.begin, piece.size), all_.narrow(0, sequence_.own().begin + piece.begin, piece.size),
          sequence_.shard_};
}

void HeadsExchange::send(const Range& piece) const {
  if (window_ == nullptr || piece.size == 0) return;
  const auto [own, size] = sequence_.shard_;
  const std::int64_t row = all_.stride(0);
  for (int distance = 1; distance < size; ++distance) {
    const int to = (own + distance) % size;
    window_->put(to, others_[slot_of(to)].narrow(0, piece.begin, piece.size).flatten(1),
                 (sequence_.own().begin + piece.begin) * row, row);
  }
}

void HeadsExchange::finish() const {
  if (window_ != nullptr) return window_->finish();
  std::vector<at::Tensor> to = others_.unbind(0);
  to.insert(to.begin() + sequence_.shard_.rank, target({0, sequence_.own().size}).own);
  sequence_.sp_->all_to_all(to, slices_of(all_, sequence_.ranges_));
}

}  // namespace orrery
