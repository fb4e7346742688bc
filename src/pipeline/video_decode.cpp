#include "pipeline/video_decode.h"

#include <ATen/record_function.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/pulse.h"
#include "base/parallel/rank_groups.h"
#include "models/wan/decoder.h"
#include "models/wan/frame_history.h"

namespace orrery {
namespace {

class WholeDecode final : public VideoDecode {
 public:
  WholeDecode(const WanDecoder& decoder, FrameType type) : type_(type), stream_(decoder) {}
  at::Tensor next(const at::Tensor& latent_frame) override {
    beat();
    return to_frames(stream_.next(latent_frame), type_);
  }

 private:
  FrameType type_;
  WanDecodeStream stream_;
};

class StripDecode final : public VideoDecode {
 public:
  StripDecode(const WanDecoder& decoder, Collectives& group, std::int64_t height, std::int64_t width, FrameType type)
      : type_(type), group_(group), strip_(height, width, group), stream_(decoder, strip_) {}

  at::Tensor next(const at::Tensor& latent_frame) override {
    // Puts the split side first, so that strips of different sizes differ in dimension 0 only, as gather_to_root()
    // requires.
    const std::int64_t side = strip_.dim() - 2;  // of (frames, H, W, 3)
    const at::Tensor mine = to_frames(stream_.next(latent_frame), type_).transpose(0, side).contiguous();
    RECORD_USER_SCOPE("gather");
    const std::vector<at::Tensor> strips = group_.gather_to_root(mine);
    return strips.empty() ? at::Tensor() : at::cat(strips, 0).transpose(0, side).contiguous();
  }

 private:
  FrameType type_;
  Collectives& group_;
  Strip strip_;
  WanDecodeStream stream_;
};

class TileDecode final : public VideoDecode {
 public:
  TileDecode(const WanDecoder& decoder, Collectives& group, std::int64_t height, std::int64_t width, FrameType type)
      : type_(type), tiles_(decoder, height, width, group) {}
  at::Tensor next(const at::Tensor& latent_frame) override {
    const at::Tensor pixels = tiles_.next(latent_frame);
    return pixels.defined() ? to_frames(pixels, type_) : pixels;
  }

 private:
  FrameType type_;
  TiledDecode tiles_;
};

// The VideoDecode of a rank that does not take part.
class NoDecode final : public VideoDecode {
 public:
  at::Tensor next(const at::Tensor&) override { return {}; }
};

}  // namespace

Collectives* DecodeRanks::first(int count) {
  const auto [rank, size] = world_.shard();
  if (count != count_) {
    group_.reset();
    comm_.reset();
    if (count < size) comm_.emplace(world_.split(rank < count ? 0 : 1));
    if (rank < count) group_ = make_collectives(comm_ ? *comm_ : world_, device_);
    count_ = count;
  }
  return group_.get();
}

std::unique_ptr<VideoDecode> start_decode(VaeSplit split, const WanDecoder* decoder, DecodeRanks& ranks,
                                          std::int64_t height, std::int64_t width, FrameType type) {
  const Shard world = ranks.world().shard();
  if (split == VaeSplit::None || world.size == 1) {
    if (world.rank > 0) return std::make_unique<NoDecode>();
    require(decoder != nullptr, "a video was to be decoded, but no decoder was loaded");
    return std::make_unique<WholeDecode>(*decoder, type);
  }
  Collectives* const group =
      ranks.first(split == VaeSplit::Exact ? strip_ranks(height, width, world.size) : world.size);
  if (group == nullptr) return std::make_unique<NoDecode>();
  require(decoder != nullptr, "a video was to be decoded, but no decoder was loaded");
  if (split == VaeSplit::Tiles) return std::make_unique<TileDecode>(*decoder, *group, height, width, type);
  return std::make_unique<StripDecode>(*decoder, *group, height, width, type);
}

CellCount decoded_cells(VaeSplit split, int ranks, std::int64_t height, std::int64_t width) {
  if (split == VaeSplit::None) return {height, width};
  if (split == VaeSplit::Exact) {
    const std::int64_t strips = strip_ranks(height, width, ranks);
    const auto share = [&](std::int64_t side) { return (side + strips - 1) / strips; };
    return width > height ? CellCount{height, share(width)} : CellCount{share(height), width};
  }
  CellCount most;
  for (int rank = 0; rank < ranks; ++rank) {
    const Tile tile = tile_of({rank, ranks}, height, width);
    if (tile.rows.size * tile.columns.size > most.height * most.width) most = {tile.rows.size, tile.columns.size};
  }
  return most;
}

at::Tensor to_bytes(const at::Tensor& pixels) {
  return pixels.add(1).mul_(127.5).round_().clamp_(0, 255).to(at::kByte);
}

at::Tensor to_frames(const at::Tensor& pixels, FrameType type) {
  if (type == FrameType::Floats) return pixels.to(at::kFloat).permute({1, 2, 3, 0}).contiguous();
  RECORD_USER_SCOPE("bytes");
  return to_bytes(pixels.to(at::kFloat)).permute({1, 2, 3, 0}).contiguous();
}

FrameDownload::Transfer FrameDownload::start(const at::Tensor& frames) {
  if (frames.is_cpu()) return {frames, std::nullopt};
  const bool fits = spare_.defined() && spare_.sizes() == frames.sizes();
  at::Tensor host = fits ? std::exchange(spare_, {})
                         : at::empty(frames.sizes(), frames.options().device(at::kCPU).pinned_memory(true));
  host.copy_(frames, /*non_blocking=*/true);
  c10::Event done(frames.device().type());
  done.record(c10::impl::VirtualGuardImpl(frames.device().type()).getStream(frames.device()));
  return {host, std::move(done)};
}

at::Tensor FrameDownload::next(const at::Tensor& frames) {
  std::optional<Transfer> before = std::exchange(under_way_, std::nullopt);
  if (frames.defined()) under_way_ = start(frames);
  if (!before) return {};
  if (before->done) {
    before->done->synchronize();
    spare_ = before->host;
  }
  return before->host;
}

}  // namespace orrery
