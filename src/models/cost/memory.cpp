#include "models/cost/memory.h"

#include <algorithm>

#include "models/cosmos3/transformer.h"
#include "models/cost/step_costs.h"
#include "models/nn/float8_attention.h"

namespace orrery {
namespace {

constexpr std::int64_t kFloatBytes = 4;
constexpr std::int64_t kKernelChannels = 8;  // kernels/pixel_layout.cpp takes multiples of this

// One resolution of the encoder or decoder, after the clip's first frames: `frames` of `height` × `width` pixels.
struct Level {
  std::int64_t frames;
  std::int64_t height;
  std::int64_t width;
  std::int64_t element_bytes;

  std::int64_t activation(std::int64_t channels) const { return channels * frames * height * width * element_bytes; }
  // The input buffer of a convolution, with `past` earlier frames and a border `border` pixels wide.
  std::int64_t input(std::int64_t channels, std::int64_t past, std::int64_t border) const {
    return channels * (frames + past) * (height + 2 * border) * (width + 2 * border) * element_bytes;
  }
  Level doubled(std::int64_t time) const { return {frames * time, 2 * height, 2 * width, element_bytes}; }
  Level halved(std::int64_t time) const { return {frames / time, height / 2, width / 2, element_bytes}; }
  // What a norm allocates besides its input. Without a kernel of our own: the result in float32 and each pixel's norm;
  // in bfloat16, also the input plus bias and the result.
  std::int64_t own_norm(std::int64_t channels) const {
    const std::int64_t norm = (channels + 1) * frames * height * width * kFloatBytes;
    if (element_bytes == kFloatBytes) return norm;
    return channels % kKernelChannels == 0 ? 0 : norm + 2 * activation(channels);
  }
};

constexpr std::int64_t kPast = 2;
constexpr std::int64_t kBorder = 1;

// Bytes of the encoder's or decoder's layers.
struct LayerSum {
  std::int64_t kept = 0;  // buffers that live as long as the layers
  std::int64_t peak = 0;  // of temporary tensors

  void needs(std::int64_t bytes) { peak = std::max(peak, bytes); }
  // Adds a residual block, whose input stays allocated for the shortcut, as do `beside` bytes.
  void residual(const Level& level, std::int64_t in, std::int64_t out, std::int64_t beside) {
    kept += level.input(in, kPast, kBorder) + level.input(out, kPast, kBorder);
    const std::int64_t second = std::max(level.activation(out), level.own_norm(out));
    const std::int64_t first = std::max(level.activation(out) + second, level.own_norm(in));
    needs(beside + level.activation(in) + first);
  }
  // Adds an upsampler and the shortcut around it, with the block's input. Two of the upsampler's four results are
  // allocated at the same time: the even and the odd columns of every second output row.
  void upsample(const Level& level, std::int64_t in, std::int64_t out, std::int64_t time) {
    const Level before{level.frames * time, level.height, level.width, level.element_bytes};
    if (time == 2) kept += level.input(out, kPast, 0);
    kept += before.input(out, 0, kBorder);
    needs(level.activation(in) + level.doubled(time).activation(out) + 2 * before.input(out, 0, kBorder));
  }
  // Adds a downsampler and the sum with the block's shortcut, which takes `beside` bytes.
  void downsample(const Level& level, std::int64_t channels, std::int64_t time, std::int64_t beside) {
    const Level narrow = level.halved(1);
    kept += channels * level.frames * (level.height + 1) * (level.width + 1) * level.element_bytes;
    if (time == 2) kept += narrow.input(channels, 1, 0);
    const std::int64_t second = level.halved(time).activation(channels);
    needs(beside + level.activation(channels) + narrow.activation(channels) + second);
  }
};

// The larger of the peaks while attention in 8 bits is prepared (residual stream; queries, keys and values before and
// after rounding) and while it runs (residual stream, rounded operands, output). In float32, the CPU's versions of the
// kernels add copies of queries and keys, and scores.
std::int64_t float8_attention_bytes(const LayerWork& work, std::int64_t element_bytes) {
  const std::int64_t q = work.attention_heads * work.head_dim, kv = work.attention_kv_heads * work.head_dim;
  const std::int64_t stream = work.tokens * work.hidden;
  const std::int64_t rounded = work.queries * q + 2 * work.keys * kv;
  const std::int64_t plain = (stream + work.queries * (q + 2 * kv)) * element_bytes;
  const std::int64_t output = (stream + work.queries * q) * element_bytes;
  if (element_bytes != kFloatBytes) return rounded + std::max(plain, output);
  const std::int64_t copies = work.queries * (kv + 5 * q) * kFloatBytes;
  const std::int64_t wide = 2 * work.keys * kv * kFloatBytes;
  const std::int64_t scores = float8_scores_bytes(work.attention_heads, work.queries, work.keys);
  return rounded + std::max(plain + copies, output + wide + scores);
}

// The width of the keys, and of the values, that a rank has in attention.
std::int64_t attended_kv_width(const Cosmos3Config& c, const ModelLayout& layout) {
  const Shard sp{0, layout.grid.sp};
  return c.head_dim *
         head_share(c.num_attention_heads / layout.grid.tp, c.num_key_value_heads / layout.grid.tp, sp).keys.size;
}

// The rank's own copy of a text's keys and values of its heads in attention; none with sp 1.
std::int64_t shared_text_bytes(const Cosmos3Config& c, std::int64_t tokens, const ModelLayout& layout) {
  if (layout.grid.sp == 1) return 0;
  return c.num_hidden_layers * 2 * tokens * attended_kv_width(c, layout) * layout.element_bytes;
}

}  // namespace

std::int64_t rounded_text_bytes(const Cosmos3Config& c, std::int64_t tokens, const ModelLayout& layout) {
  if (layout.attention == RowFormat::Plain) return 0;
  return c.num_hidden_layers * (tokens + 3 * kFloatBytes) * attended_kv_width(c, layout);
}

std::int64_t text_cache_bytes(const Cosmos3Config& c, std::int64_t tokens, const ModelLayout& layout) {
  return c.num_hidden_layers * 2 * tokens * c.kv_width() / layout.grid.tp * layout.element_bytes;
}

std::int64_t step_bytes(const Cosmos3Config& c, std::int64_t clip_tokens, std::int64_t clip_text_tokens,
                        std::int64_t branches, const ModelLayout& layout) {
  const bool shared = layout.grid.sp > 1;
  const std::int64_t at_once = pays_in_one_pass(clip_tokens) && !shared ? branches : 1;
  const std::int64_t tokens = at_once * clip_tokens, text_tokens = at_once * clip_text_tokens;
  const LayerWork work = layer_work(c, tokens, text_tokens, layout.grid);
  const std::int64_t own = work.tokens, stream = own * c.hidden_size;
  const std::int64_t q = work.q_width(), qkv = own * (q + 2 * work.kv_width());
  // Queries, keys and values of this rank's heads in attention, for all tokens and the text together.
  const std::int64_t attended_width = work.attention_heads * c.head_dim, attended = tokens * attended_width;
  const std::int64_t all = (tokens + text_tokens) * (attended_width + 2 * work.attention_kv_heads * c.head_dim);
  // During the MLP's last product: the residual stream, the normed input, gate and up, the activation, the output.
  const std::int64_t mlp = 3 * stream + own * (mlp_inputs(c.mlp) + 1) * work.intermediate;
  // During RoPE: the residual stream, the projected heads and the QKV product's normed input; in float32, where no
  // kernel does it, also four copies of the queries. With sp > 1, the send buffers of the heads are allocated as well.
  const std::int64_t copies = layout.element_bytes == kFloatBytes ? own * 4 * q : 0;
  const std::int64_t rotation = stream + copies + (shared ? qkv + stream + work.sent_for_heads() : stream + all);
  // During attention: the residual stream, queries, keys and values, the output of its two calls.
  const std::int64_t attention = stream + (shared ? 0 : all) + 2 * attended;
  // With sp > 1, the memory into which other ranks write: queries, keys and values, and attention's results.
  const std::int64_t windows = shared ? all + own * q : 0;
  const std::int64_t float8 =
      layout.attention == RowFormat::Plain ? 0 : float8_attention_bytes(work, layout.element_bytes);
  const std::int64_t block = std::max(std::max({mlp, rotation, attention}) * layout.element_bytes, float8);
  // Buffers that two tp ranks write into each other's memory: four halves of a residual stream.
  const std::int64_t from_peer = layout.grid.tp == 2 ? 2 * stream : 0;
  const std::int64_t rope = clip_tokens * 2 * c.head_dim;
  // In float32: the sampler's state, the other branch's velocity, and their patches.
  const std::int64_t latents = clip_tokens * c.patch_width() * 6 * kFloatBytes;
  const std::int64_t text = text_cache_bytes(c, clip_text_tokens, layout) +
                            shared_text_bytes(c, clip_text_tokens, layout) +
                            rounded_text_bytes(c, clip_text_tokens, layout);
  return block + (from_peer + windows + branches * rope) * layout.element_bytes + branches * text + latents;
}

std::int64_t largest_weight_bytes(const Cosmos3Config& c, const ModelLayout& layout) {
  std::int64_t most = 0;
  for (const LayerProduct& product : layer_work(c, 0, 0, layout.grid).products()) {
    most = std::max(most, product.in * product.out);
  }
  return most * layout.element_bytes;
}

// Latents in float32: for each branch, order + 1 contributions of the layers and the filtered input; one velocity.
std::int64_t step_cache_bytes(const Cosmos3Config& c, std::int64_t tokens, std::int64_t branches, std::int64_t order) {
  return tokens * c.patch_width() * (branches * (order + 2) + 1) * kFloatBytes;
}

std::int64_t decode_bytes(const WanConfig& c, std::int64_t height, std::int64_t width, std::int64_t element_bytes) {
  Level level{1, height, width, element_bytes};
  std::int64_t in = c.decoder_base_dim * c.dim_mult.back();
  LayerSum sum{level.activation(c.z_dim) + level.input(c.z_dim, kPast, kBorder), 0};
  for (int block = 0; block < 2; ++block) sum.residual(level, in, in, 0);
  for (std::size_t i = c.dim_mult.size(); i-- > 0;) {
    const std::int64_t out = c.decoder_base_dim * c.dim_mult[i];
    const std::int64_t block_input = level.activation(in);
    sum.residual(level, in, out, 0);
    for (std::int64_t j = 0; j < c.num_res_blocks; ++j) sum.residual(level, out, out, block_input);
    if (i > 0) {
      const std::int64_t time = c.temporal_downsample[i - 1] ? 2 : 1;
      sum.upsample(level, in, out, time);
      level = level.doubled(time);
    }
    in = out;
  }
  sum.kept += level.input(in, kPast, kBorder);
  // The last convolution's result without and with its bias, as pixels, and as pixels in float32 (twice as large as in
  // bfloat16).
  const std::int64_t results = element_bytes == kFloatBytes ? 3 : 5;
  sum.needs(level.activation(in) + std::max(level.own_norm(in), results * level.activation(WanConfig::kPatchChannels)));
  return sum.kept + sum.peak;
}

std::int64_t encode_bytes(const WanConfig& c, std::int64_t height, std::int64_t width, std::int64_t element_bytes) {
  constexpr std::int64_t kScale = WanConfig::kSpatialFactor / WanConfig::kPatch;
  Level level{WanConfig::kTemporalFactor, kScale * height, kScale * width, element_bytes};
  std::int64_t in = c.base_dim;
  // The frames in the layers' dtype, and the first convolution's input buffer.
  LayerSum sum{level.activation(WanConfig::kPatchChannels) + level.input(WanConfig::kPatchChannels, kPast, kBorder), 0};
  for (std::size_t i = 0; i < c.dim_mult.size(); ++i) {
    const bool shrinks = i + 1 < c.dim_mult.size();
    const std::int64_t time = shrinks && c.temporal_downsample[i] ? 2 : 1;
    const std::int64_t out = c.base_dim * c.dim_mult[i];
    const Level next = shrinks ? level.halved(time) : level;
    const std::int64_t shortcut = next.activation(out);
    sum.needs(2 * level.activation(in) + shortcut);  // the shortcut averages a copy of the input
    for (std::int64_t j = 0; j < c.num_res_blocks; ++j) sum.residual(level, j == 0 ? in : out, out, shortcut);
    if (shrinks) sum.downsample(level, out, time, shortcut);
    level = next;
    in = out;
  }
  for (int block = 0; block < 2; ++block) sum.residual(level, in, in, 0);
  sum.kept += level.input(in, kPast, kBorder);
  return sum.kept + sum.peak;
}

std::int64_t sound_bytes(const SoundConfig& c, std::int64_t steps) {
  std::int64_t length = steps;
  std::int64_t widest = 0;
  for (std::size_t i = c.dec_strides.size(); i-- > 0;) {
    length *= c.dec_strides[i];
    const std::int64_t channels = c.dec_dim * (i > 0 ? c.dec_c_mults[i - 1] : 1);
    widest = std::max(widest, channels * length);
  }
  constexpr std::int64_t kAlive = 3;  // activations of a residual unit that are allocated at the same time
  return kAlive * widest * kFloatBytes;
}

}  // namespace orrery
