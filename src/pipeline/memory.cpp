#include "pipeline/memory.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace orrery {
namespace {

constexpr std::int64_t kFloatBytes = 4;

// The decoder at one level of the picture, in the steady state: `frames` × `pixels` places at the level.
struct Level {
  std::int64_t frames;
  std::int64_t pixels;
  std::int64_t element_bytes;

  std::int64_t activation(std::int64_t channels) const { return channels * frames * pixels * element_bytes; }
  // The two frames that a causal convolution remembers.
  std::int64_t context(std::int64_t channels) const { return channels * 2 * pixels * element_bytes; }
  // A norm measures each place and works in float32, and gives the activation's type: all beside its input.
  std::int64_t norm(std::int64_t channels) const {
    const std::int64_t wide = (channels + 1) * frames * pixels * kFloatBytes;
    return element_bytes == kFloatBytes ? wide : wide + activation(channels);
  }
  // A causal convolution: its input with the context in front, the new context or the output.
  std::int64_t convolution(std::int64_t in, std::int64_t out) const {
    return activation(in) + context(in) + std::max(context(in), activation(out));
  }
};

// A residual block: its input stays for the shortcut.
std::int64_t residual_peak(const Level& level, std::int64_t in, std::int64_t out) {
  const std::int64_t first = level.activation(in) + level.convolution(in, out);
  const std::int64_t second = level.activation(out) + level.convolution(out, out);
  const std::int64_t second_norm = level.activation(out) + level.norm(out);
  return level.activation(in) + std::max({level.norm(in), first, second, second_norm});
}

struct Growth {
  std::int64_t time;
  std::int64_t area;
};

// An upsampler and the shortcut around it, each grown activation `out` channels wide, with the block's input and what
// the residual blocks made of it.
std::int64_t upsample_peak(const Level& level, std::int64_t in, std::int64_t out, const Growth& growth) {
  const std::int64_t grown = level.activation(out) * growth.time * growth.area;
  return level.activation(in) + level.activation(out) + 3 * grown;
}

struct DecodeSum {
  std::int64_t contexts = 0;  // all the time
  std::int64_t peak = 0;
  void residual(const Level& level, std::int64_t in, std::int64_t out, std::int64_t beside) {
    contexts += level.context(in) + level.context(out);
    peak = std::max(peak, beside + residual_peak(level, in, out));
  }
};

// A transformer's memory never gets all of a device: cuBLAS, cuDNN and NCCL have workspaces, and the allocator's blocks
// do not fit exactly.
std::int64_t with_margin(std::int64_t bytes) {
  constexpr std::int64_t kWorkspaces = 300'000'000;
  return bytes + bytes / 10 + kWorkspaces;
}

std::int64_t longest(const PromptIds& ids) {
  return static_cast<std::int64_t>(std::max(ids.cond.size(), ids.uncond.size()));
}

}  // namespace

std::int64_t text_cache_bytes(const Cosmos3Config& c, std::int64_t tokens, const ModelLayout& layout) {
  return c.num_hidden_layers * 2 * tokens * c.kv_width() / layout.tp * layout.element_bytes;
}

std::int64_t step_bytes(const Cosmos3Config& c, std::int64_t tokens, std::int64_t text_tokens, std::int64_t branches,
                        const ModelLayout& layout) {
  const std::int64_t q = c.q_width() / layout.tp, kv = c.kv_width() / layout.tp;
  // While the mlp's last product is made: the residual stream, the normed input, gate and up, their product, the
  // output.
  const std::int64_t mlp = tokens * (3 * c.hidden_size + 3 * c.intermediate_size / layout.tp);
  // While heads are turned: the residual stream, the normed input, queries, keys and values of tokens and text in one;
  // and where no kernel does it, in float32, four copies of the queries.
  const std::int64_t copies = layout.element_bytes == kFloatBytes ? 4 * q : 0;
  const std::int64_t turning = tokens * (2 * c.hidden_size + copies) + (tokens + text_tokens) * (q + 2 * kv);
  // While attention runs: the residual stream, queries, keys and values, the output.
  const std::int64_t attention = tokens * (c.hidden_size + q) + (tokens + text_tokens) * (q + 2 * kv);
  const std::int64_t block = std::max({mlp, turning, attention});
  const std::int64_t rope = tokens * 2 * c.head_dim;
  // The sampler's latents, velocities and history, float32.
  const std::int64_t latents = tokens * c.patch_width() * 10 * kFloatBytes;
  return (block + branches * rope) * layout.element_bytes + branches * text_cache_bytes(c, text_tokens, layout) +
         latents;
}

std::int64_t decode_bytes(const WanConfig& c, std::int64_t height, std::int64_t width, std::int64_t element_bytes) {
  Level level{1, height * width, element_bytes};
  std::int64_t in = c.decoder_base_dim * c.dim_mult.back();
  DecodeSum sum{level.activation(c.z_dim) + level.context(c.z_dim),
                0};  // the latent itself, and what conv_in remembers
  for (int block = 0; block < 2; ++block) sum.residual(level, in, in, 0);
  for (std::size_t i = c.dim_mult.size(); i-- > 0;) {
    const std::int64_t out = c.decoder_base_dim * c.dim_mult[i];
    sum.residual(level, in, out, 0);
    for (std::int64_t j = 0; j < c.num_res_blocks; ++j) sum.residual(level, out, out, level.activation(in));
    if (i > 0) {
      const Growth growth{c.temporal_downsample[i - 1] ? 2 : 1, 4};
      if (growth.time == 2) sum.contexts += level.context(out);
      sum.peak = std::max(sum.peak, upsample_peak(level, in, out, growth));
      level.frames *= growth.time;
      level.pixels *= growth.area;
    }
    in = out;
  }
  sum.contexts += level.context(in);
  const std::int64_t last = level.convolution(in, WanConfig::kPatchChannels);
  sum.peak = std::max(sum.peak, level.activation(in) + std::max(level.norm(in), last));
  return sum.contexts + sum.peak;
}

std::int64_t sound_bytes(const SoundConfig& c, std::int64_t steps) {
  std::int64_t length = steps;
  std::int64_t widest = 0;
  for (std::size_t i = c.dec_strides.size(); i-- > 0;) {
    length *= c.dec_strides[i];
    const std::int64_t channels = c.dec_dim * (i > 0 ? c.dec_c_mults[i - 1] : 1);
    widest = std::max(widest, channels * length);
  }
  constexpr std::int64_t kAlive = 3;  // of a residual unit's activations
  return kAlive * widest * kFloatBytes;
}

ClipMemory clip_memory(const ModelSizes& sizes, const Request& request, const PromptIds& ids) {
  const std::int64_t height = request.height / WanConfig::kSpatialFactor;
  const std::int64_t width = request.width / WanConfig::kSpatialFactor;
  const std::int64_t frame_tokens = ((height + 1) / 2) * ((width + 1) / 2);
  const std::int64_t tokens = request.latent_frames() * frame_tokens + request.sound_steps();
  const std::int64_t branches = request.guided() && sizes.layout.cfg == 1 ? 2 : 1;
  ClipMemory memory;
  memory.step = with_margin(step_bytes(sizes.transformer, tokens, longest(ids), branches, sizes.layout));
  memory.media = with_margin(decode_bytes(sizes.vae, height, width, sizes.layout.element_bytes));
  if (request.sound && sizes.sound) {
    memory.media = std::max(memory.media, with_margin(sound_bytes(*sizes.sound, request.sound_steps())));
  }
  return memory;
}

std::string gigabytes(std::int64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GB", static_cast<double>(bytes) / 1e9);
  return text.data();
}

}  // namespace orrery
