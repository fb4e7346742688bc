#include "models/kernels/float8_heads.h"

#include <cmath>
#include <cstdint>

#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_layout.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {
namespace {

// The rotation negates channel i when bit kBit of kPattern · i is set. The pattern is irregular, so that neither a
// constant nor a periodic signal over the channels is concentrated in one channel of the result.
constexpr std::int64_t kPattern = 0xC2B2AE35, kBit = 26;

bool flips(std::int64_t channel) { return (kPattern * channel >> kBit & 1) != 0; }

at::Tensor flip_signs(std::int64_t head_dim, at::Device device) {
  const at::Tensor channels = at::arange(head_dim, at::TensorOptions(device).dtype(at::kLong));
  const at::Tensor bits = at::bitwise_right_shift(channels * kPattern, kBit);
  return 1 - 2 * at::bitwise_and(bits, 1).to(at::kFloat);
}

float root_of(std::int64_t head_dim) { return 1 / std::sqrt(static_cast<float>(head_dim)); }

// rotated_heads() · √head_dim. The stages have the order of hadamard() in gpu_heads.cuh, so that both give the same
// bits.
at::Tensor hadamard_sums(const at::Tensor& x) {
  const std::int64_t head_dim = x.size(-1);
  at::Tensor sums = x.to(at::kFloat) * flip_signs(head_dim, x.device());
  for (std::int64_t apart = head_dim / 2; apart > 0; apart /= 2) {
    const at::Tensor pairs = sums.reshape({-1, 2, apart});
    const at::Tensor low = pairs.select(1, 0), high = pairs.select(1, 1);
    sums = at::stack({low + high, low - high}, 1);
  }
  return sums.reshape(x.sizes());
}

at::Tensor to_float8(const at::Tensor& x) { return x.clamp(-kLargestFloat8, kLargestFloat8).to(at::kFloat8_e4m3fn); }

// (kv_heads) → (heads, 1)
at::Tensor of_each_head(const at::Tensor& scale, std::int64_t heads) {
  return scale.repeat_interleave(heads / scale.size(0)).unsqueeze(1);
}

// Rounds heads given as hadamard_sums() to float8.
at::Tensor rounded_heads(const at::Tensor& sums, const at::Tensor& scale) {
  return to_float8(sums * (root_of(sums.size(2)) / of_each_head(scale, sums.size(1))));
}

bool kernel_takes(std::int64_t head_dim) {
  return head_dim == 32 || head_dim == 64 || head_dim == 128 || head_dim == 256;
}

// Whether a kernel supports x (tokens, heads, head_dim): among other conditions, a token's heads must be contiguous.
bool fits_kernel(const at::Tensor& x) {
  return kernel_takes(x.size(2)) && x.stride(2) == 1 && x.stride(1) == x.size(2) && packed_rows(x.select(1, 0));
}

std::uint8_t* bytes_of(const Float8Heads& heads) { return static_cast<std::uint8_t*>(heads.data.mutable_data_ptr()); }

Float8HeadsOut launch_outputs(const Float8Heads& q, const Float8Heads& k) {
  Float8HeadsOut outputs{.q = bytes_of(q),
                         .k = bytes_of(k),
                         .q_scale = q.scale.const_data_ptr<float>(),
                         .k_scale = k.scale.const_data_ptr<float>()};
  for (std::int64_t i = 0; i < q.data.size(2); ++i) {
    if (flips(i)) outputs.flipped[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
  }
  return outputs;
}

ValueRows value_rows(const at::Tensor& values) {
  return {values.const_data_ptr<at::BFloat16>(), values.size(0), values.stride(0)};
}

// Sum, minimum and maximum of each channel. Its values are made contiguous, so that on a CPU the order of summation
// does not depend on the number of heads.
at::Tensor value_extents(const at::Tensor& v) {
  const at::Tensor wide = v.to(at::kFloat).permute({1, 2, 0}).contiguous();
  return at::stack({wide.sum(-1), wide.amin(-1), wide.amax(-1)});
}

}  // namespace

at::Tensor rotated_heads(const at::Tensor& x) { return hadamard_sums(x) * root_of(x.size(-1)); }

at::Tensor rotated_head_bound(const at::Tensor& gain) {
  constexpr double kRopeRounding = 1 + 0x1p-7;  // two bfloat16 factors
  const at::Tensor pairs = gain.to(at::kFloat).abs().view({2, -1}).amax(0);
  return pairs.square().sum().mul(2).sqrt() * kRopeRounding;
}

HeadScales bounded_scales(const HeadNorms& norms, std::int64_t kv_heads) {
  const auto scale = [&](const at::Tensor& gain) {
    return (rotated_head_bound(gain) / kLargestFloat8).expand({kv_heads}).contiguous();
  };
  return {scale(norms.q), scale(norms.k)};
}

Float8Text float8_text(const at::Tensor& k, const at::Tensor& v, const at::Tensor& least_scale) {
  const at::Tensor sums = hadamard_sums(k);
  const at::Tensor largest = sums.abs().amax({0, 2}) * root_of(k.size(2));
  const at::Tensor scale = at::maximum(largest / kLargestFloat8, least_scale);
  return {{rounded_heads(sums, scale), scale}, value_extents(v)};
}

void float8_head_norm_rope(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& rope, Float8Heads& q,
                           Float8Heads& k) {
  if (!fits_kernel(qkv)) return float8_head_norm_rope_aten(qkv, norms, rope, q, k);
  launch({.rows_begin = qkv.data_ptr<at::BFloat16>(),
          .rows = qkv.size(0),
          .row_stride = qkv.stride(0),
          .heads = q.data.size(1),
          .kv_heads = k.data.size(1),
          .head_dim = qkv.size(2),
          .q_weight = norms.q.const_data_ptr<at::BFloat16>(),
          .k_weight = norms.k.const_data_ptr<at::BFloat16>(),
          .cos = rope.cos.const_data_ptr<at::BFloat16>(),
          .sin = rope.sin.const_data_ptr<at::BFloat16>(),
          .eps = static_cast<float>(norms.eps),
          .float8 = launch_outputs(q, k)},
         qkv.get_device());
}

void float8_head_norm_rope_aten(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& rope, Float8Heads& q,
                                Float8Heads& k) {
  const std::int64_t heads = q.data.size(1), kv_heads = k.data.size(1);
  const auto wide = [](const at::Tensor& x) { return x.to(at::kFloat); };
  at::Tensor exact = qkv.narrow(1, 0, heads + kv_heads).to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  head_norm_rope_aten(exact, heads, kv_heads, {wide(norms.q), wide(norms.k), norms.eps},
                      {wide(rope.cos), wide(rope.sin)});
  const auto write = [&](const Float8Heads& to, std::int64_t first) {
    const at::Tensor sums = hadamard_sums(exact.narrow(1, first, to.data.size(1)));
    to.data.narrow(0, 0, qkv.size(0)).copy_(rounded_heads(sums, to.scale));
  };
  write(q, 0);
  write(k, heads);
}

CentredValues value_centre(const at::Tensor& media, const at::Tensor& text, const at::Tensor& text_extents) {
  if (!fits_kernel(media)) return value_centre_aten(media, text, text_extents);
  const std::int64_t kv_heads = media.size(1), head_dim = media.size(2);
  const at::TensorOptions floats = at::TensorOptions(media.device()).dtype(at::kFloat);
  const at::Tensor partial = at::empty({kValueChunks, 3, kv_heads, head_dim}, floats);
  CentredValues centre{{{}, at::empty({kv_heads}, floats)}, at::empty({kv_heads, head_dim}, floats)};
  launch(ValueCentreLaunch{.media = value_rows(media),
                           .text = text_extents.const_data_ptr<float>(),
                           .text_rows = text.size(0),
                           .kv_heads = kv_heads,
                           .head_dim = head_dim,
                           .partial = partial.data_ptr<float>(),
                           .mean = centre.mean.data_ptr<float>(),
                           .scale = centre.v.scale.data_ptr<float>()},
         media.get_device());
  return centre;
}

CentredValues value_centre_aten(const at::Tensor& media, const at::Tensor& text, const at::Tensor& text_extents) {
  const at::Tensor own = value_extents(media);
  const auto keys = static_cast<double>(media.size(0) + text.size(0));
  const at::Tensor mean = (own[0] + text_extents[0]) / keys;
  const at::Tensor above = at::maximum(own[2], text_extents[2]) - mean;
  const at::Tensor below = mean - at::minimum(own[1], text_extents[1]);
  return {{{}, at::maximum(above, below).amax(1) / kLargestFloat8}, mean};
}

void round_values(const at::Tensor& media, const at::Tensor& text, CentredValues& centre) {
  if (!fits_kernel(media) || !fits_kernel(text)) return round_values_aten(media, text, centre);
  launch(Float8ValuesLaunch{.media = value_rows(media),
                            .text = value_rows(text),
                            .kv_heads = media.size(1),
                            .head_dim = media.size(2),
                            .mean = centre.mean.const_data_ptr<float>(),
                            .scale = centre.v.scale.const_data_ptr<float>(),
                            .out = bytes_of(centre.v)},
         media.get_device());
}

void round_values_aten(const at::Tensor& media, const at::Tensor& text, CentredValues& centre) {
  const at::Tensor scale = centre.v.scale.unsqueeze(1);
  const at::Tensor factor = (1 / scale).masked_fill(scale == 0, 0);
  const auto write = [&](const at::Tensor& values, std::int64_t begin) {
    const at::Tensor rounded = to_float8((values.to(at::kFloat) - centre.mean) * factor);
    centre.v.data.narrow(0, begin, values.size(0)).copy_(rounded);
  };
  write(media, 0);
  write(text, media.size(0));
}

void add_head_mean(at::Tensor& out, const at::Tensor& mean) {
  if (!fits_kernel(out) || !out.is_contiguous()) return add_head_mean_aten(out, mean);
  launch(AddHeadMeanLaunch{.out = out.data_ptr<at::BFloat16>(),
                           .tokens = out.size(0),
                           .heads = out.size(1),
                           .kv_heads = mean.size(0),
                           .head_dim = out.size(2),
                           .mean = mean.const_data_ptr<float>()},
         out.get_device());
}

void add_head_mean_aten(at::Tensor& out, const at::Tensor& mean) {
  out.copy_(out.to(at::kFloat) + mean.repeat_interleave(out.size(1) / mean.size(0), 0));
}

}  // namespace orrery
