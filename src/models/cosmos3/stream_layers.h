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

// A video's grid of tokens: latent frames × patch rows × patch columns.
struct VideoGrid {
  std::int64_t frames = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t tokens() const { return frames * rows * columns; }
};

// The token grid of a latent (C, t, h, w) that is cut into 2×2 patches; odd heights and widths are padded.
VideoGrid patch_grid(at::IntArrayRef latent_shape);

// Positions (3, tokens) float32 with rows t, h, w (mRoPE, MODEL.md §4).
at::Tensor text_positions(std::int64_t tokens);
at::Tensor sound_positions(const Cosmos3Config& config, std::int64_t steps, std::int64_t text_tokens);

// cos and sin of `positions` for every slot, computed in float32 on the CPU and then moved to `device`.
RopeTable rope_table(const Cosmos3Config& config, const at::Tensor& positions, at::Device device, at::ScalarType dtype);

// cos and sin of a video's tokens after a text of `text_tokens`. A slot depends on one of t, h and w only, so small
// tables are computed for each and expanded to all tokens on the device.
RopeTable video_rope(const Cosmos3Config& config, const VideoGrid& grid, double fps, std::int64_t text_tokens,
                     at::Device device, at::ScalarType dtype);

// Consecutive tokens of a stream, all of generated time steps or all of given ones.
struct TokenRun {
  Range tokens;
  bool noisy = true;  // false: given, without timestep embedding
};

// The runs of a stream of `steps` time steps of `step_tokens` tokens each; `given` lists the given time steps.
std::vector<TokenRun> token_runs(std::int64_t steps, std::int64_t step_tokens, const std::vector<std::int64_t>& given);

// What a stream's RoPE depends on besides its shape.
struct StreamPlace {
  double fps = 24;               // frames per second of the clip
  std::int64_t text_tokens = 0;  // text tokens before the media
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
};

// The layers between one stream's latents and the media tower's hidden states (MODEL.md §4). No communication.
class StreamLayers {
 public:
  StreamLayers() = default;
  StreamLayers(const StreamLayers&) = delete;
  StreamLayers& operator=(const StreamLayers&) = delete;
  virtual ~StreamLayers() = default;

  // The RoPE table of the stream's tokens.
  virtual RopeTable rope(const StreamShape& shape, const StreamPlace& place) const = 0;
  // Rearranges the latents as (tokens, features), in the tower's dtype.
  virtual at::Tensor features(const at::Tensor& latents) const = 0;
  // Writes the embedded features into `tokens` (tokens, hidden). `time` (hidden) float32 is the timestep embedding,
  // which is added to noisy tokens only, as part of the product's bias.
  virtual void embed_into(const at::Tensor& tokens, const at::Tensor& features, const std::vector<TokenRun>& runs,
                          const at::Tensor& time) const = 0;
  // Projects normed hidden states (tokens, hidden) to (tokens, features), for any subset of the stream's tokens.
  virtual at::Tensor project_out(const at::Tensor& tokens) const = 0;
  // Rearranges the features of all tokens, from project_out(), as the velocity of latents of shape `extents`, float32.
  virtual at::Tensor velocity(const at::Tensor& features, at::IntArrayRef extents) const = 0;
  // The velocity that `latents` would have without the tower's layers and the final norm, float32. `runs` and `time`
  // are as for embed_into(). Merges both projections into one product, since the intermediate tensor would be twenty
  // times as wide as the latents.
  virtual at::Tensor without_layers(const at::Tensor& latents, const std::vector<TokenRun>& runs,
                                    const at::Tensor& time) const = 0;
};

// How the media tower handles a kind of stream.
struct StreamKind {
  Stream stream;
  const char* tensors;                             // prefix of the names of its tensors; null: none in common
  std::int64_t (*channels)(const Cosmos3Config&);  // channels of its latents; 0: not in the model
  std::unique_ptr<const StreamLayers> (*layers)(const Weights& transformer, const Cosmos3Config&);
};

// Defined in video_stream.cpp.
std::int64_t video_channels(const Cosmos3Config& config);
std::unique_ptr<const StreamLayers> video_layers(const Weights& transformer, const Cosmos3Config& config);
// Defined in sound_stream.cpp.
std::int64_t sound_channels(const Cosmos3Config& config);
std::unique_ptr<const StreamLayers> sound_layers(const Weights& transformer, const Cosmos3Config& config);

// All kinds, in the order of Stream.
inline constexpr std::array kStreamKinds{
    StreamKind{Stream::Video, nullptr, video_channels, video_layers},
    StreamKind{Stream::Sound, "audio_", sound_channels, sound_layers},
};
inline const StreamKind& kind_of(Stream stream) { return kStreamKinds[static_cast<std::size_t>(stream)]; }

}  // namespace orrery
