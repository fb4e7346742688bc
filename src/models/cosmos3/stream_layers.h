#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/core/shard.h"
#include "io/checkpoint/weights.h"
#include "models/cosmos3/config.h"
#include "models/cosmos3/media.h"
#include "models/kernels/head_norm_rope.h"

namespace orrery {

// The video of one request in tokens: latent frames × patch rows × patch columns.
struct VideoGrid {
  std::int64_t frames = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t tokens() const { return frames * rows * columns; }
};

// Token grid of a latent (C, t, h, w) cut into 2×2 patches; odd heights and widths are padded.
VideoGrid patch_grid(at::IntArrayRef latent_shape);

// Positions (3, tokens) float32, rows t, h, w (MODEL.md §4, mRoPE).
at::Tensor text_positions(std::int64_t tokens);
at::Tensor sound_positions(const Cosmos3Config& config, std::int64_t steps, std::int64_t text_tokens);

// cos and sin of `positions` for every slot, computed in float32 on the CPU and then moved.
RopeTable rope_table(const Cosmos3Config& config, const at::Tensor& positions, at::Device device, at::ScalarType dtype);

// cos and sin of a video's tokens behind a text of `text_tokens`. A slot follows one of t, h and w, and a video has few
// of each: their tables are small, and are spread over its tens of thousands of tokens on the device.
RopeTable video_rope(const Cosmos3Config& config, const VideoGrid& grid, double fps, std::int64_t text_tokens,
                     at::Device device, at::ScalarType dtype);

// Neighbouring tokens of a stream that are all of generated time steps or all of given ones.
struct TokenRun {
  Range tokens;
  bool noisy = true;  // false: given, and not told the timestep
};

// The runs of `steps` time steps of `step_tokens` tokens each, of which `given` are given.
std::vector<TokenRun> token_runs(std::int64_t steps, std::int64_t step_tokens, const std::vector<std::int64_t>& given);

// Where a stream's tokens stand.
struct StreamPlace {
  double fps = 24;               // of the clip
  std::int64_t text_tokens = 0;  // before the media
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
};

// The layers between one stream's latents and the media tower's width (MODEL.md §4). No communication.
class StreamLayers {
 public:
  StreamLayers() = default;
  StreamLayers(const StreamLayers&) = delete;
  StreamLayers& operator=(const StreamLayers&) = delete;
  virtual ~StreamLayers() = default;

  // RoPE of the stream's tokens.
  virtual RopeTable rope(const StreamShape& shape, const StreamPlace& place) const = 0;
  // The latents as (tokens, features), in the tower's dtype.
  virtual at::Tensor features(const at::Tensor& latents) const = 0;
  // Writes the embedded features into `tokens` (tokens, hidden). `time` (hidden) float32 embeds the timestep, which
  // noisy tokens alone are told; it is added as a part of the products' bias.
  virtual void embed_into(const at::Tensor& tokens, const at::Tensor& features, const std::vector<TokenRun>& runs,
                          const at::Tensor& time) const = 0;
  // (tokens, hidden), normed → (tokens, features), for any of the stream's tokens.
  virtual at::Tensor project_out(const at::Tensor& tokens) const = 0;
  // What project_out() makes of all tokens → the velocity of latents of `extents`, float32.
  virtual at::Tensor velocity(const at::Tensor& features, at::IntArrayRef extents) const = 0;
  // What the velocity of `latents` would be without the tower's layers and the norm behind them, float32. `runs`,
  // `time`: as for embed_into(). Both projections are one product: what lies between them is twenty times as wide as
  // the latents.
  virtual at::Tensor without_layers(const at::Tensor& latents, const std::vector<TokenRun>& runs,
                                    const at::Tensor& time) const = 0;
};

// What the media tower makes of a stream.
struct StreamKind {
  Stream stream;
  const char* tensors;                             // how the names of its own tensors begin; null: not alike
  std::int64_t (*channels)(const Cosmos3Config&);  // of its latents; 0: the model does not have the stream
  std::unique_ptr<const StreamLayers> (*layers)(const Weights& transformer, const Cosmos3Config&);
};

// video_stream.cpp
std::int64_t video_channels(const Cosmos3Config& config);
std::unique_ptr<const StreamLayers> video_layers(const Weights& transformer, const Cosmos3Config& config);
// sound_stream.cpp
std::int64_t sound_channels(const Cosmos3Config& config);
std::unique_ptr<const StreamLayers> sound_layers(const Weights& transformer, const Cosmos3Config& config);

// In the order of Stream.
inline constexpr std::array kStreamKinds{
    StreamKind{Stream::Video, nullptr, video_channels, video_layers},
    StreamKind{Stream::Sound, "audio_", sound_channels, sound_layers},
};
inline const StreamKind& kind_of(Stream stream) { return kStreamKinds[static_cast<std::size_t>(stream)]; }

}  // namespace orrery
