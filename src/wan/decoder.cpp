#include "wan/decoder.h"

#include <string>

#include "core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kColours = 3;

at::Tensor per_channel(const std::vector<double>& values, at::Device device) {
  return at::tensor(values, at::kFloat).to(device).view({-1, 1, 1});
}

std::int64_t widest(const WanConfig& c) { return c.decoder_base_dim * c.dim_mult.back(); }

// The checkpoint lists widths from the pixels inwards; the decoder walks outwards.
std::vector<UpBlock> make_up_blocks(const Weights& w, const WanConfig& c) {
  const std::size_t count = c.dim_mult.size();
  std::vector<UpBlock> blocks;
  blocks.reserve(count);
  std::int64_t in = widest(c);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t level = count - 1 - i;
    const std::int64_t out = c.decoder_base_dim * c.dim_mult[level];
    Growth growth = Growth::None;
    if (level > 0) growth = c.temporal_downsample[level - 1] ? Growth::SpaceAndTime : Growth::Space;
    blocks.emplace_back(w / static_cast<std::int64_t>(i), in, out, c.num_res_blocks + 1, growth);
    in = out;
  }
  return blocks;
}

// (1, 12, T, H, W) -> (3, T, 2H, 2W); channel = (colour · 2 + column) · 2 + row.
at::Tensor unpatchify(const at::Tensor& x) {
  constexpr std::int64_t p = WanConfig::kPatch;
  const std::int64_t frames = x.size(2), height = x.size(3), width = x.size(4);
  return x.reshape({kColours, p, p, frames, height, width})
      .permute({0, 3, 4, 2, 5, 1})
      .reshape({kColours, frames, height * p, width * p});
}

}  // namespace

WanDecoder::WanDecoder(const Weights& vae, const WanConfig& c)
    : dtype_(vae.dtype()),
      mean_(per_channel(c.latents_mean, vae.device())),
      std_(per_channel(c.latents_std, vae.device())),
      post_quant_(vae / "post_quant_conv", {c.z_dim, c.z_dim, 1, 1, 1}),
      conv_in_(vae / "decoder" / "conv_in", c.z_dim, widest(c)),
      mid_(vae / "decoder" / "mid_block", widest(c)),
      up_(make_up_blocks(vae / "decoder" / "up_blocks", c)),
      norm_out_(vae / "decoder" / "norm_out", c.decoder_base_dim * c.dim_mult.front()),
      conv_out_(vae / "decoder" / "conv_out", c.decoder_base_dim * c.dim_mult.front(), WanConfig::kPatchChannels) {
  vae.ignore("encoder.");
  vae.ignore("quant_conv.");
}

at::Tensor WanDecoder::scale_latent(const at::Tensor& latent_frame) const {
  require(latent_frame.dim() == 3 && latent_frame.size(0) == mean_.size(0),
          "the decoder takes latent frames (" + std::to_string(mean_.size(0)) + ", h, w)");
  const at::Tensor z = latent_frame.to(mean_.device(), at::kFloat) * std_ + mean_;
  return z.view({1, z.size(0), 1, z.size(1), z.size(2)});
}

at::Tensor WanDecoder::operator()(const at::Tensor& latent_frame, FrameHistory& history) const {
  const at::Tensor z = scale_latent(latent_frame).to(dtype_);
  at::Tensor x = post_quant_(z.contiguous(at::MemoryFormat::ChannelsLast3d));
  x = mid_(conv_in_(x, history), history);
  for (const UpBlock& block : up_) x = block(x, history);
  x = norm_out_(x);
  x = conv_out_(at::silu_(x), history);
  history.advance();
  return unpatchify(x).to(at::kFloat).clamp_(-1, 1);
}

}  // namespace orrery
