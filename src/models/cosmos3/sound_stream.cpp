#include "models/cosmos3/stream_layers.h"
#include "models/nn/linear.h"
#include "models/nn/phase.h"

namespace orrery {
namespace {

// The sound stream, whose tokens are time steps of the latent.
class SoundLayers : public StreamLayers {
 public:
  SoundLayers(const Weights& transformer, const Cosmos3Config& c)
      : config_(c),
        proj_in_(transformer / "audio_proj_in", c.sound_dim, c.hidden_size, Bias::Yes),
        modality_(transformer.take("audio_modality_embed", {c.hidden_size})),
        proj_out_(transformer / "audio_proj_out", c.hidden_size, c.sound_dim, Bias::Yes) {}

  RopeTable rope(const StreamShape& shape, const StreamPlace& place) const override {
    const at::Tensor positions = sound_positions(config_, shape.steps(), place.text_tokens);
    return rope_table(config_, positions, place.device, place.dtype);
  }

  at::Tensor features(const at::Tensor& latents) const override {
    return latents.transpose(0, 1).to(modality_.scalar_type());
  }

  void embed_into(const at::Tensor& tokens, const at::Tensor& features, const std::vector<TokenRun>& runs,
                  const at::Tensor& time) const override {
    for (const auto& [run, noisy] : runs) {
      proj_in_.into(tokens.narrow(0, run.begin, run.size), features.narrow(0, run.begin, run.size),
                    noisy ? time + modality_ : modality_);
    }
  }

  at::Tensor project_out(const at::Tensor& tokens) const override {
    return phase("sound out", [&] { return proj_out_(tokens); });
  }

  at::Tensor velocity(const at::Tensor& features, at::IntArrayRef) const override {
    return features.to(at::kFloat).transpose(0, 1).contiguous();
  }

  at::Tensor without_layers(const at::Tensor& latents, const std::vector<TokenRun>& runs,
                            const at::Tensor& time) const override {
    const at::Tensor steps = latents.transpose(0, 1);
    std::vector<at::Tensor> rows;
    for (const auto& [run, noisy] : runs) {
      rows.push_back(proj_in_.then(proj_out_, steps.narrow(0, run.begin, run.size),
                                   noisy ? time + modality_ : modality_.to(at::kFloat)));
    }
    return at::cat(rows).transpose(0, 1).contiguous();
  }

 private:
  Cosmos3Config config_;
  Linear proj_in_;
  at::Tensor modality_;  // (hidden)
  Linear proj_out_;
};

}  // namespace

std::int64_t sound_channels(const Cosmos3Config& config) { return config.sound_gen ? config.sound_dim : 0; }

std::unique_ptr<const StreamLayers> sound_layers(const Weights& transformer, const Cosmos3Config& config) {
  return std::make_unique<SoundLayers>(transformer, config);
}

}  // namespace orrery
