#include "models/wan/decoder.h"

#include <fmt/format.h>

#include <string>

#include "base/core/error.h"
#include "models/nn/phase.h"
#include "models/wan/layers.h"

namespace orrery {
namespace {

std::int64_t widest_decoded(const WanConfig& c) { return c.decoder_base_dim * c.dim_mult.back(); }

// The checkpoint lists widths from the pixels inwards; the decoder walks outwards.
std::vector<UpBlock> make_up_blocks(const Weights& w, const WanConfig& c) {
  const std::size_t count = c.dim_mult.size();
  std::vector<UpBlock> blocks;
  blocks.reserve(count);
  std::int64_t in = widest_decoded(c);
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

}  // namespace

WanDecoder::WanDecoder(const Weights& vae, const WanConfig& c)
    : dtype_(vae.dtype()),
      scale_(c, vae.device()),
      post_quant_(vae / "post_quant_conv", c.z_dim, c.z_dim),
      conv_in_(vae / "decoder" / "conv_in", c.z_dim, widest_decoded(c)),
      mid_(vae / "decoder" / "mid_block", widest_decoded(c)),
      up_(make_up_blocks(vae / "decoder" / "up_blocks", c)),
      norm_out_(vae / "decoder" / "norm_out", c.decoder_base_dim * c.dim_mult.front()),
      conv_out_(vae / "decoder" / "conv_out", c.decoder_base_dim * c.dim_mult.front(), WanConfig::kPatchChannels) {
  vae.ignore("encoder.");
  vae.ignore("quant_conv.");
}

at::Tensor WanDecoder::operator()(const at::Tensor& latent_frame, FrameHistory& history) const {
  require(latent_frame.dim() == 3 && latent_frame.size(0) == scale_.channels(),
          fmt::format("the decoder takes latent frames ({}, h, w)", scale_.channels()));
  const at::Tensor z = scale_.restore(history.strip().of(latent_frame)).to(dtype_).unsqueeze(1).unsqueeze(0);
  at::Tensor x = conv_in_(post_quant_(z), history);
  x = phase("middle", [&] { return mid_(x, history); });
  for (std::size_t i = 0; i < up_.size(); ++i) {
    x = phase(fmt::format("up block {}", i).c_str(), [&] { return up_[i](x, history); });
  }
  const Convolved y = conv_out_(norm_out_, {x, {}}, history);
  history.advance();
  return phase("pixels", [&] { return channels_to_pixels(with_bias(y)).to(at::kFloat).clamp_(-1, 1); });
}

}  // namespace orrery
