#include "models/zoo/random_models.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/audio/decoder.h"
#include "models/wan/decoder.h"
#include "models/wan/encoder.h"
#include "models/zoo/pipeline_index.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Layout = std::map<std::string, std::vector<std::int64_t>>;

Layout layout_of(const WeightSource& source, const std::string& ignored = "none") {
  Layout layout;
  for (const std::string& name : source.names()) {
    if (!name.starts_with(ignored)) layout[name] = source.find(name)->shape;
  }
  return layout;
}

double parameters(const WeightSource& source) {
  double sum = 0;
  for (const auto& [name, shape] : layout_of(source)) {
    double count = 1;
    for (const std::int64_t extent : shape) count *= static_cast<double>(extent);
    sum += count;
  }
  return sum;
}

double rms(const at::Tensor& x) { return x.to(at::kDouble).square().mean().sqrt().item<double>(); }

at::Tensor normal(at::IntArrayRef shape) { return at::randn(shape, at::detail::createCPUGenerator(1), at::kFloat); }

TEST(RandomModels, TinyHasTheLayoutOfTheGoldenCheckpoint) {
  const CheckpointFiles tiny = open_checkpoint("random:tiny");
  const std::filesystem::path golden = golden_checkpoint("tiny");
  EXPECT_EQ(layout_of(*tiny.transformer), layout_of(ShardedCheckpoint(golden / "transformer")));
  EXPECT_EQ(layout_of(*tiny.vae), layout_of(ShardedCheckpoint(golden / "vae")));
  EXPECT_EQ(layout_of(*tiny.sound), layout_of(ShardedCheckpoint(golden / "sound_tokenizer"), "encoder."));
}

// Billions, with the action tensors of 32 domains that Orrery neither uses nor makes.
double published_parameters(const CheckpointFiles& files) {
  constexpr std::int64_t kDomains = 32, kActions = 64;
  const std::int64_t hidden = files.transformer_config.hidden_size;
  const std::int64_t action = 2 * kDomains * kActions * hidden + kDomains * (hidden + kActions) + hidden;
  return (parameters(*files.transformer) + static_cast<double>(action)) / 1e9;
}

TEST(RandomModels, NanoAndSuperHaveThePublishedSizes) {
  EXPECT_NEAR(published_parameters(open_checkpoint("random:nano")), 15.17, 0.005);
  EXPECT_NEAR(published_parameters(open_checkpoint("random:super")), 64.02, 0.005);
}

TEST(RandomModels, PassTheAuditOfEverySplit) {
  for (const char* name : {"random:tiny", "random:nano", "random:super"}) {
    const CheckpointFiles files = open_checkpoint(name);
    for (const int tp : {1, 2, 4, 8}) EXPECT_NO_THROW(audit_checkpoint(files, {.tp = tp})) << name << " tp " << tp;
    EXPECT_TRUE(files.has_sound());
    EXPECT_EQ(files.name(), name);
    EXPECT_EQ(files.place(), name);
    EXPECT_THAT(files.description().dump(), HasSubstr("random-v1-"));
  }
}

TEST(RandomModels, EdgeHasTheLayoutOfItsGoldenCheckpoint) {
  const std::filesystem::path golden = golden_checkpoint("edge");
  Cosmos3Config config = read_cosmos3_config(golden / "transformer" / "config.json");
  const RandomCheckpoint random("edge", random_transformer(config));
  EXPECT_EQ(layout_of(random), layout_of(ShardedCheckpoint(golden / "transformer"), "action_"));
  const CheckpointFiles files = open_checkpoint("random:edge");
  EXPECT_EQ(files.transformer_config.mlp, config.mlp);
  EXPECT_EQ(files.transformer_config.rms_norm_eps, config.rms_norm_eps);
  EXPECT_EQ(files.transformer_config.rope_theta, config.rope_theta);
  for (const int tp : {1, 2, 4, 8}) EXPECT_NO_THROW(audit_checkpoint(files, {.tp = tp})) << tp;
  EXPECT_FALSE(files.has_sound());
  EXPECT_TRUE(files.reads_texts()) << "as bytes";
}

TEST(RandomModels, CanBeDistilledToFewSteps) {
  const CheckpointFiles files = open_checkpoint("random:tiny-4step");
  EXPECT_EQ(files.fixed_levels, published_few_step_levels());
  EXPECT_EQ(files.name(), "random:tiny-4step");
  EXPECT_FALSE(files.has_sound());
  EXPECT_EQ(files.transformer_config.base_fps, 16);
  EXPECT_NO_THROW(audit_checkpoint(files, {.tp = 4}));
  EXPECT_THAT(files.notes, ElementsAre(HasSubstr("takes its 4 steps")));
}

TEST(RandomModels, AnUnknownNameIsRefusedWithTheNearest) {
  const auto refusal = [](const char* name) -> std::string {
    try {
      open_checkpoint(name);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("random:nanno"),
            "random:nanno: there is no such model (did you mean random:nano?); expected random:tiny, "
            "random:nano, random:super or random:edge");
  EXPECT_THAT(refusal("random:"), HasSubstr("expected random:tiny"));
  EXPECT_THAT(refusal("random"), HasSubstr("random: no such folder"));
}

TEST(RandomModels, TextsBecomeBytes) { EXPECT_THAT(byte_ids("A\xC3\xA9"), ElementsAre(65, 0xC3, 0xA9, 256, 257)); }

TEST(RandomModels, TheVideoDecoderMakesPixelsAndTheEncoderLatents) {
  const CheckpointFiles tiny = open_checkpoint("random:tiny");
  const Weights weights(tiny.vae, Shard{}, at::kCPU, at::kFloat);
  FrameHistory history;
  const WanDecoder decoder(weights, tiny.vae_config);
  for (int frame = 0; frame < 3; ++frame) {
    const at::Tensor pixels = decoder(normal({8, 6, 8}), history);
    EXPECT_GT(rms(pixels), 0.1) << "latent frame " << frame;
    EXPECT_LT(pixels.abs().ge(1).to(at::kDouble).mean().item<double>(), 0.1) << "latent frame " << frame;
  }
  const at::Tensor latent = WanEncoder(weights, tiny.vae_config)(normal({3, 9, 96, 128}).clamp_(-1, 1));
  EXPECT_GT(rms(latent), 0.2);
  EXPECT_LT(rms(latent), 2);
}

TEST(RandomModels, TheSoundDecoderMakesAWave) {
  for (const std::int64_t width : {4, 16}) {
    const SoundConfig config{8, width, {1, 2, 4, 8, 16}, {2, 4, 5, 6, 8}};
    const Weights weights(std::make_shared<RandomCheckpoint>("sound", random_sound(config)), Shard{}, at::kCPU,
                          at::kFloat);
    const at::Tensor wave = SoundDecoder(weights, config)(normal({8, 25}));
    EXPECT_GT(rms(wave), 0.02) << "width " << width;
    EXPECT_LT(wave.abs().ge(1).to(at::kDouble).mean().item<double>(), 0.1) << "width " << width;
  }
}

}  // namespace
}  // namespace orrery
