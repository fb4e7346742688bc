#include "models/wan/frame_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

constexpr int kRows = 3;
constexpr int kColumns = 4;

// Lines of `padded` with the frames as first dimension, so that a line of every frame is contiguous.
at::Tensor lines(const at::Tensor& padded, int dim, std::int64_t begin, std::int64_t count) {
  return padded.narrow(dim, begin, count).permute({0, 2, 3, 4, 1});
}

}  // namespace

int strip_ranks(std::int64_t height, std::int64_t width, int ranks) {
  return static_cast<int>(std::min<std::int64_t>(ranks, std::max(height, width)));
}

Strip::Strip(std::int64_t height, std::int64_t width, Collectives& group)
    : group_(&group), dim_(width > height ? kColumns : kRows), extent_(std::max(height, width)) {
  require(group.shard().size <= extent_, fmt::format("a picture of {}x{} latent cells cannot be cut into {} strips",
                                                     height, width, group.shard().size));
}

Range Strip::cells_of(int rank) const {
  const std::int64_t size = group_->shard().size;
  const std::int64_t begin = rank * extent_ / size;
  return {begin, (rank + 1) * extent_ / size - begin};
}

at::Tensor Strip::of(const at::Tensor& picture, std::int64_t scale) const {
  if (group_ == nullptr) return picture;
  const Range cells = cells_of(group_->shard().rank);
  return picture.narrow(dim_ - kColumns - 1, cells.begin * scale, cells.size * scale);
}

void Strip::fill_halo(const at::Tensor& padded, std::int64_t before, std::int64_t after) const {
  if (group_ == nullptr || group_->shard().size == 1) return;
  phase("halo", [&] {
    const std::int64_t end = padded.size(dim_) - after;
    // The rank above needs this strip's first lines, and the rank below its last ones.
    const at::Tensor up = lines(padded, dim_, before, after).contiguous();
    const at::Tensor down = lines(padded, dim_, end - before, before).contiguous();
    const auto [above, below] = group_->exchange_rows(up, down);
    if (above.defined()) lines(padded, dim_, 0, before).copy_(above);
    if (below.defined()) lines(padded, dim_, end, after).copy_(below);
  });
}

at::Tensor Strip::gather_positions(const at::Tensor& x) const {
  if (group_ == nullptr || group_->shard().size == 1) return x;
  const auto [rank, size] = group_->shard();
  const std::int64_t across = x.size(1) / cells_of(rank).size;
  std::vector<std::int64_t> positions;
  for (int r = 0; r < size; ++r) positions.push_back(cells_of(r).size * across);
  const std::int64_t most = *std::max_element(positions.begin(), positions.end());
  // All ranks gather the same size; the padding of smaller ones is dropped afterwards.
  const at::Tensor all = group_->all_gather(at::constant_pad_nd(x, {0, 0, 0, most - x.size(1)}).contiguous(), 1);
  if (*std::min_element(positions.begin(), positions.end()) == most) return all;
  std::vector<at::Tensor> parts;
  for (std::size_t r = 0; r < positions.size(); ++r) {
    parts.push_back(all.narrow(1, static_cast<std::int64_t>(r) * most, positions[r]));
  }
  return at::cat(parts, 1);
}

void PaddedFrames::reserve(at::IntArrayRef sizes, const at::TensorOptions& options) {
  frames_ = reach_.past + sizes[2];
  if (buffer_.defined() && buffer_.size(2) >= frames_) return;
  const std::int64_t border = reach_.before + reach_.after;
  const at::Tensor larger =
      at::zeros({1, frames_, sizes[3] + border, sizes[4] + border, sizes[1]}, options).permute({0, 4, 1, 2, 3});
  if (buffer_.defined()) larger.narrow(2, 0, reach_.past).copy_(buffer_.narrow(2, 0, reach_.past));
  buffer_ = larger;
}

at::Tensor PaddedFrames::room(at::IntArrayRef sizes, const at::TensorOptions& options) {
  reserve(sizes, options);
  return buffer_.narrow(2, reach_.past, sizes[2]).narrow(3, reach_.before, sizes[3]).narrow(4, reach_.before, sizes[4]);
}

at::Tensor PaddedFrames::whole(const Strip& strip) const {
  if (reach_.before + reach_.after > 0) {
    strip.fill_halo(buffer_.narrow(2, reach_.past, frames_ - reach_.past), reach_.before, reach_.after);
  }
  return buffer_.narrow(2, 0, frames_);
}

void PaddedFrames::keep() {
  // Frame by frame and in order, since source and destination ranges may overlap.
  for (std::int64_t i = 0; i < reach_.past; ++i) {
    buffer_.select(2, i).copy_(buffer_.select(2, frames_ - reach_.past + i));
  }
}

}  // namespace orrery
