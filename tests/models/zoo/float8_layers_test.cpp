#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "../nn/float8_attention_cases.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "models/cosmos3/transformer.h"
#include "models/nn/float8_attention.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/random_models.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

// Attention in 8 bits of every layer, beside float64, on what the layers of a model make of a clip.
namespace orrery {
namespace {

constexpr std::int64_t kCompared = 512;  // queries, at most

at::ScalarType activations() { return test_device().is_cuda() ? at::kBFloat16 : at::kFloat; }

Attention float8_attention() {
  return (test_device().is_cuda() ? Attention(find_flash_attention()) : Attention()).in(RowFormat::Float8);
}

// Both towers, and the layers of the media tower one by one.
class Layers {
 public:
  Layers(const CheckpointFiles& files, std::int64_t count)
      : config_(shortened(files.transformer_config, count)),
        tp_(make_collectives(mpi_world(), test_device())),
        weights_(files.transformer, Shard{}, test_device(), activations()),
        text_(weights_, config_, *tp_),
        tower_(weights_, config_, *tp_, RowFormat::Plain, float8_attention()) {}

  // The errors of all layers, as a clip passes them.
  std::vector<double> errors(const std::vector<std::int64_t>& ids, const MediaShape& shape, const MediaLatents& latents,
                             double timestep) const {
    const Branch branch = tower_.prepare(text_(ids), shape);
    at::Tensor x = tower_.embed(latents, timestep, branch);
    std::vector<double> errors;
    for (std::int64_t i = 0; i < config_.num_hidden_layers; ++i) {
      errors.push_back(error(i, x, branch));
      x = after(i, std::move(x), branch);
    }
    return errors;
  }

 private:
  static Cosmos3Config shortened(Cosmos3Config config, std::int64_t count) {
    config.num_hidden_layers = std::min(config.num_hidden_layers, count);
    return config;
  }

  const KeyValue& text_of(std::int64_t layer, const Branch& branch) const {
    return branch.text.layers[static_cast<std::size_t>(layer)];
  }

  double error(std::int64_t layer, const at::Tensor& x, const Branch& branch) const {
    const QkvProjection project(weights_ / "layers" / layer, TowerNames::gen(), config_, RowFormat::Plain,
                                RowFormat::Float8);
    const KeyValue& text = text_of(layer, branch);
    Residual plain(x.clone(), *tp_), rounded(x.clone(), *tp_);
    const QkvProjection::Result own = project(plain, branch.rope, text, branch.sequence, Precision::Full);
    const Float8Operands operands =
        project.in_float8(rounded, branch.rope, text, branch.sequence, branch.rounded[static_cast<std::size_t>(layer)]);
    const std::int64_t queries = std::min(kCompared, own.q.size(0));
    const AttentionInputs inputs{own.q.narrow(0, 0, queries), own.kv.k, own.kv.v, text.k.size(0)};
    const at::Tensor exact = exact_attention(inputs);
    const at::Tensor found = float8_attention()(operands, activations()).narrow(0, 0, queries);
    const at::Tensor by_16_bits =
        Attention()(own.q.to(at::kBFloat16), own.kv.k.to(at::kBFloat16), own.kv.v.to(at::kBFloat16), Mask::None)
            .narrow(0, 0, queries);
    const double error = relative_rms(found.to(at::kDouble), exact);
    std::cout << fmt::format("layer {}: 8 bits {:.2e}, bf16 {:.2e}\n", layer, error,
                             relative_rms(by_16_bits.to(at::kDouble), exact));
    return error;
  }

  at::Tensor after(std::int64_t layer, at::Tensor x, const Branch& branch) const {
    const Block block(weights_ / "layers" / layer, TowerNames::gen(), config_, RowFormat::Plain, {});
    Residual stream(std::move(x), *tp_);
    block.joint(stream, text_of(layer, branch), branch.rope, branch.sequence, Precision::Full);
    return stream.x() + tp_->finish_sum().own;
  }

  Cosmos3Config config_;
  std::unique_ptr<Collectives> tp_;
  Weights weights_;
  UndTower text_;
  GenTower tower_;
};

MediaLatents noisy(const at::Tensor& video, double sigma) {
  const at::Tensor noise = at::randn(video.sizes());
  return {{Stream::Video, ((1 - sigma) * video + sigma * noise).to(test_device())}};
}

// The source tree: elsewhere, when the program runs on another machine than it was built on.
std::filesystem::path source_tree() {
  const char* moved = std::getenv("ORRERY_SOURCE");
  return moved != nullptr ? moved : ORRERY_SOURCE;
}

double largest(const std::vector<double>& errors) { return *std::max_element(errors.begin(), errors.end()); }

// A trained model: the token ids of "A small yellow square moves up slowly", its latents half and wholly noise.
TEST(Float8Layers, OfTheSmallCheckpointStayNear) {
  const Layers layers(open_checkpoint(source_tree() / "inputs/mini"), 5);
  const Golden reference = Golden::load(source_tree() / "tests/data/mini.safetensors");
  const at::Tensor video = reference["square.video"].squeeze(0);
  const MediaShape shape{{{Stream::Video, {video.sizes().vec()}}}};
  const std::vector<std::int64_t> ids{11, 52, 97, 203, 140, 61, 88, 19, 7, 30, 45, 112};
  for (const double sigma : {0.2, 0.5, 1.0}) {
    std::cout << "sigma " << sigma << "\n";
    EXPECT_LE(largest(layers.errors(ids, shape, noisy(video, sigma), 1000 * sigma)), 0.07);
  }
}

// Random weights at the sizes of the published model and of a clip of 480p, on a GPU; on a CPU far fewer tokens.
TEST(Float8Layers, OfRandomNanoStayNear) {
  const bool gpu = test_device().is_cuda();
  const CheckpointFiles files = open_random_checkpoint(gpu ? "random:nano" : "random:tiny");
  const std::int64_t channels = files.transformer_config.latent_channel;
  const std::vector<std::int64_t> extents =
      gpu ? std::vector<std::int64_t>{channels, 24, 30, 52} : std::vector<std::int64_t>{channels, 3, 12, 14};
  const MediaShape shape{{{Stream::Video, {extents}}}};
  const Layers layers(files, gpu ? 4 : 2);
  EXPECT_LE(largest(layers.errors(byte_ids("a red circle on a grey table"), shape, noisy(at::zeros(extents), 1), 1000)),
            gpu ? 0.1 : 0.03);
}

}  // namespace
}  // namespace orrery
