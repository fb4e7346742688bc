#include "float8_attention_cases.h"

#include <fmt/format.h>

#include <cmath>
#include <iostream>

#include "models/kernels/scaled_rows.h"
#include "support/golden.h"

namespace orrery {
namespace {

at::Tensor as_bfloat16(const at::Tensor& x) { return x.to(at::kBFloat16).to(at::kFloat); }

at::Tensor draw_values(at::IntArrayRef shape, ValuesLike values, const at::TensorOptions& options) {
  switch (values) {
    case ValuesLike::AllOnes:
      return at::ones(shape, options);
    case ValuesLike::Positive:
      return at::rand(shape, options);
    case ValuesLike::ZeroMean:
      return at::randn(shape, options);
    default: {  // a wave along the keys, another one in each channel, above zero
      const at::Tensor key = at::arange(shape[0], options).view({-1, 1, 1}) / shape[0];
      const at::Tensor waves = at::rand({1, shape[1], shape[2]}, options) * 3 + 0.5;
      return 1 + 0.5 * (6.2832 * key * waves).sin();
    }
  }
}

// (tokens, heads, d) → (tokens · heads / kv_heads, kv_heads, d), and back.
at::Tensor of_kv_heads(const at::Tensor& x, std::int64_t kv_heads) {
  return x.view({x.size(0), kv_heads, -1, x.size(2)}).transpose(1, 2).reshape({-1, kv_heads, x.size(2)});
}
at::Tensor of_heads(const at::Tensor& x, std::int64_t tokens) {
  return x.view({tokens, -1, x.size(1), x.size(2)}).transpose(1, 2).reshape({tokens, -1, x.size(2)});
}

Float8Heads divided(const at::Tensor& x, std::int64_t kv_heads) {
  const at::Tensor scale = of_kv_heads(x, kv_heads).abs().amax({0, 2}) / kLargestFloat8;
  const at::Tensor of_each = scale.repeat_interleave(x.size(1) / kv_heads).unsqueeze(1);
  return {(x / of_each).clamp(-kLargestFloat8, kLargestFloat8).to(at::kFloat8_e4m3fn), scale};
}

}  // namespace

std::string name_of(ValuesLike values) {
  constexpr std::array kNames{"all ones", "positive", "smooth", "zero mean", "outliers"};
  return kNames[static_cast<std::size_t>(values)];
}

AttentionInputs draw_inputs(const AttentionSizes& sizes, double score_std, ValuesLike values, at::Device device) {
  const at::TensorOptions options(device);
  at::Tensor q = at::randn({sizes.queries, sizes.heads, sizes.head_dim}, options);
  at::Tensor k = at::randn({sizes.keys, sizes.kv_heads, sizes.head_dim}, options);
  double score_variance = 1;
  if (values == ValuesLike::Outliers) {
    constexpr std::int64_t kChannels = 4;
    constexpr double kTimes = 15;
    for (const at::Tensor& x : {q, k}) x.narrow(2, 7, kChannels).mul_(kTimes);
    const auto width = static_cast<double>(sizes.head_dim);
    score_variance = (width - kChannels + kChannels * std::pow(kTimes, 4)) / width;
  }
  const double scale = std::sqrt(score_std / std::sqrt(score_variance));
  const at::Tensor v = draw_values({sizes.keys, sizes.kv_heads, sizes.head_dim}, values, options);
  return {as_bfloat16(q * scale), as_bfloat16(k * scale), as_bfloat16(v), sizes.text};
}

at::Tensor exact_attention(const AttentionInputs& x) {
  const auto heads_first = [](const at::Tensor& each) { return each.to(at::kDouble).transpose(0, 1); };
  const auto of_each_query = [&](const at::Tensor& each) {
    return heads_first(each).repeat_interleave(x.q.size(1) / each.size(1), 0);
  };
  at::Tensor scores = at::matmul(heads_first(x.q), of_each_query(x.k).transpose(1, 2));
  scores.div_(std::sqrt(static_cast<double>(x.q.size(2))));
  return at::matmul(scores.softmax(-1), of_each_query(x.v)).transpose(0, 1).reshape({x.q.size(0), -1});
}

Float8Operands rounded_inputs(const AttentionInputs& x) {
  const std::int64_t kv_heads = x.k.size(1), keys = x.k.size(0);
  const at::Tensor none = at::zeros({kv_heads}, x.k.options());
  Float8Heads q = float8_text(of_kv_heads(x.q, kv_heads), x.v, none).k;
  q.data = of_heads(q.data, x.q.size(0)).contiguous();
  const at::Tensor values = x.v.to(at::kBFloat16);
  const at::Tensor media = values.narrow(0, 0, keys - x.text), text = values.narrow(0, keys - x.text, x.text);
  CentredValues centred = value_centre(media, text, float8_text(text, text, none).value_extents);
  centred.v.data = at::empty(x.v.sizes(), x.v.options().dtype(at::kFloat8_e4m3fn));
  round_values(media, text, centred);
  return {q, float8_text(x.k, x.v, none).k, centred.v, centred.mean};
}

Float8Operands plainly_rounded_inputs(const AttentionInputs& x) {
  const std::int64_t kv_heads = x.k.size(1);
  return {divided(x.q, kv_heads), divided(x.k, kv_heads), divided(x.v, kv_heads),
          at::zeros({kv_heads, x.v.size(2)}, x.v.options())};
}

Float8Errors attention_errors(const Attention& attention, const AttentionInputs& x) {
  const at::Tensor exact = exact_attention(x);
  const auto error = [&](const at::Tensor& found) { return relative_rms(found.to(at::kDouble), exact); };
  const auto narrow = [](const at::Tensor& each) { return each.to(at::kBFloat16); };
  return {error(attention(narrow(x.q), narrow(x.k), narrow(x.v), Mask::None)),
          error(attention(plainly_rounded_inputs(x), at::kBFloat16)),
          error(attention(rounded_inputs(x), at::kBFloat16))};
}

void print_errors(const std::string& row, const Float8Errors& errors) {
  std::cout << fmt::format("{:<44} bf16 {:.2e}   8 bits, plain {:.2e}   8 bits, rotated and centred {:.2e}\n", row,
                           errors.bfloat16, errors.plain, errors.rounded);
}

}  // namespace orrery
