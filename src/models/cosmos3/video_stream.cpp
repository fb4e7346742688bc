#include "models/cosmos3/stream_layers.h"
#include "models/kernels/patches.h"
#include "models/nn/linear.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

// The video stream, whose tokens are 2×2 patches of latent frames.
class VideoLayers : public StreamLayers {
 public:
  VideoLayers(const Weights& transformer, const Cosmos3Config& c)
      : config_(c),
        dtype_(transformer.dtype()),
        proj_in_(transformer / "proj_in", c.patch_width(), c.hidden_size, Bias::Yes),
        proj_out_(transformer / "proj_out", c.hidden_size, c.patch_width(), Bias::Yes) {}

  RopeTable rope(const StreamShape& shape, const StreamPlace& place) const override {
    return video_rope(config_, patch_grid(shape.extents), place.fps, place.text_tokens, place.device, place.dtype);
  }

  at::Tensor features(const at::Tensor& latents) const override {
    return phase("patchify", [&] { return patchify(latents, dtype_); });
  }

  void embed_into(const at::Tensor& tokens, const at::Tensor& features, const std::vector<TokenRun>& runs,
                  const at::Tensor& time) const override {
    for (const auto& [run, noisy] : runs) {
      proj_in_.into(tokens.narrow(0, run.begin, run.size), features.narrow(0, run.begin, run.size),
                    noisy ? time : at::Tensor());
    }
  }

  at::Tensor project_out(const at::Tensor& tokens) const override {
    return phase("project out", [&] { return proj_out_(tokens); });
  }

  at::Tensor velocity(const at::Tensor& features, at::IntArrayRef extents) const override {
    return phase("unpatchify", [&] { return unpatchify(features, extents); });
  }

  at::Tensor without_layers(const at::Tensor& latents, const std::vector<TokenRun>& runs,
                            const at::Tensor& time) const override {
    const at::Tensor patches = patchify(latents, at::kFloat);
    std::vector<at::Tensor> rows;
    for (const auto& [run, noisy] : runs) {
      rows.push_back(proj_in_.then(proj_out_, patches.narrow(0, run.begin, run.size), noisy ? time : at::Tensor()));
    }
    return unpatchify(at::cat(rows), latents.sizes());
  }

 private:
  Cosmos3Config config_;
  at::ScalarType dtype_;
  Linear proj_in_;
  Linear proj_out_;
};

}  // namespace

std::int64_t video_channels(const Cosmos3Config& config) { return config.latent_channel; }

std::unique_ptr<const StreamLayers> video_layers(const Weights& transformer, const Cosmos3Config& config) {
  return std::make_unique<VideoLayers>(transformer, config);
}

}  // namespace orrery
