#include "models/wan/blocks.h"

#include <cmath>

#include "models/kernels/pixel_sums.h"
#include "models/nn/phase.h"

namespace orrery {

ResidualBlock::ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out)
    : norm1_(w / "norm1", in), conv1_(w / "conv1", in, out), norm2_(w / "norm2", out), conv2_(w / "conv2", out, out) {
  if (in != out) shortcut_.emplace(w / "conv_shortcut", in, out);
}

at::Tensor ResidualBlock::operator()(const at::Tensor& x, FrameHistory& history) const {
  Convolved y = conv1_(norm1_, {x, {}}, history);
  y = conv2_(norm2_, y, history);
  const at::Tensor residual = shortcut_ ? (*shortcut_)(x) : x;
  phase("residual", [&] { add_biased(y.x, y.bias, residual); });
  return y.x;
}

namespace {

// Attention with one head of all channels: query (T, N, C), key and value (T, M, C) -> (T, N, C). On a GPU it is two
// products around a float32 softmax: the fused attention that supports such a wide head is three times slower.
at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  if (!query.is_cuda() || query.scalar_type() == at::kFloat) {
    return at::scaled_dot_product_attention(query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)).squeeze(1);
  }
  const double scale = 1 / std::sqrt(static_cast<double>(query.size(-1)));
  const at::Tensor scores = at::bmm(query, key.transpose(1, 2), at::kFloat).mul_(scale);
  return at::bmm(at::softmax(scores, -1).to(query.scalar_type()), value);
}

}  // namespace

FrameAttention::FrameAttention(const Weights& w, std::int64_t channels)
    : norm_(w / "norm", channels, 2),
      qkv_weight_((w / "to_qkv").take("weight", {3 * channels, channels, 1, 1}).view({3 * channels, channels})),
      qkv_bias_((w / "to_qkv").take("bias", {3 * channels})),
      proj_weight_((w / "proj").take("weight", {channels, channels, 1, 1}).view({channels, channels})),
      proj_bias_((w / "proj").take("bias", {channels})) {}

at::Tensor FrameAttention::operator()(const at::Tensor& x, const Strip& strip) const {
  const std::int64_t frames = x.size(2);
  const std::int64_t channels = x.size(1);
  const at::Tensor pixels = norm_(x)[0].permute({1, 2, 3, 0}).reshape({frames, -1, channels});  // (T, HW, C)
  const at::Tensor qkv = at::linear(pixels, qkv_weight_, qkv_bias_);
  const auto kv = strip.gather_positions(qkv.narrow(-1, channels, 2 * channels)).chunk(2, -1);
  const at::Tensor seen = attend(qkv.narrow(-1, 0, channels), kv[0], kv[1]);
  const at::Tensor y = at::linear(seen, proj_weight_, proj_bias_);
  return x + y.view({1, frames, x.size(3), x.size(4), channels}).permute({0, 4, 1, 2, 3});
}

MidBlock::MidBlock(const Weights& w, std::int64_t channels)
    : first_(w / "resnets" / 0, channels, channels),
      attention_(w / "attentions" / 0, channels),
      second_(w / "resnets" / 1, channels, channels) {}

at::Tensor MidBlock::operator()(const at::Tensor& x, FrameHistory& history) const {
  at::Tensor y = first_(x, history);
  y = phase("attention", [&] { return attention_(y, history.strip()); });
  return second_(y, history);
}

}  // namespace orrery
