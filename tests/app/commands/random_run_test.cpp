#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "models/cosmos3/stream_layers.h"
#include "models/cosmos3/transformer.h"
#include "models/zoo/random_models.h"
#include "pipeline/denoise.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

constexpr double kSameAcrossGrids = 1e-3;
const MediaShape kShape{{{Stream::Video, {{8, 3, 6, 8}}}, {Stream::Sound, {{8, 11}}}}};

// random:tiny's latents after 35 steps with guidance 6 and sound, on the ranks of `world` as a cfg x tp grid.
MediaLatents generate(const Comm& world, GridShape shape) {
  const CheckpointFiles files = open_checkpoint("random:tiny");
  const ProcessGrid grid(world, shape);
  const RankGroups groups(grid, at::kCPU);
  const Transformer model(Weights(files.transformer, grid.tp().shard(), at::kCPU, at::kFloat), files.transformer_config,
                          groups);
  const GuidedModel guided(model.media_tower(), *groups.cfg, std::cref(model.text_tower()),
                           {byte_ids("A red fox runs."), byte_ids("blurry")}, kShape, Guidance{6.0});
  DenoiseState start;
  start.latents = noise_for(42, kShape, at::kCPU);
  const Schedule schedule = make_schedule(ScheduleKind::Native, 35, 10.0);
  return denoise(guided, {}, schedule, std::move(start), {}, [](const DenoiseState&) { return true; }).latents;
}

double rms(const at::Tensor& x) { return x.square().mean().sqrt().item<double>(); }

void expect_order_one(const at::Tensor& x) {
  EXPECT_GT(rms(x), 0.3);
  EXPECT_LT(rms(x), 5);
  EXPECT_LT(x.abs().max().item<double>(), 20);
}

at::Tensor normal(at::IntArrayRef shape) { return at::randn(shape, at::detail::createCPUGenerator(1), at::kFloat); }

// A narrow model with as many layers as the published ones.
Cosmos3Config narrow(std::int64_t layers) {
  Cosmos3Config config = open_checkpoint("random:tiny").transformer_config;
  config.hidden_size = 256;
  config.intermediate_size = 768;
  config.num_hidden_layers = layers;
  return config;
}

class RandomDepth : public testing::TestWithParam<std::int64_t> {};

// Velocities are of order one for any weights, since a norm precedes the last layer. So the test measures what each
// layer adds to the residual stream.
TEST_P(RandomDepth, ActivationsStayOfOrderOne) {
  const Cosmos3Config config = narrow(GetParam());
  const Comm self = mpi_world().split(mpi_world().shard().rank);
  const auto of_text = make_collectives(self, at::kCPU);
  const auto of_media = make_collectives(self, at::kCPU);
  const Weights weights(std::make_shared<RandomCheckpoint>("narrow", random_transformer(config)), Shard{}, at::kCPU,
                        at::kFloat);
  Residual und(normal({24, config.hidden_size}), *of_text);
  Residual gen(normal({40, config.hidden_size}), *of_media);
  const RopeTable und_rope = rope_table(config, text_positions(24), at::kCPU, at::kFloat);
  const RopeTable gen_rope = rope_table(config, text_positions(40), at::kCPU, at::kFloat);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const Block text(weights / "layers" / i, TowerNames::und(), config, RowFormat::Plain, {});
    const Block media(weights / "layers" / i, TowerNames::gen(), config, RowFormat::Plain, {});
    const KeyValue kv = text.causal(und, und_rope);
    media.joint(gen, kv, gen_rope, {nullptr, 40, config.num_attention_heads, config.num_key_value_heads});
    for (const at::Tensor& x : {kv.k, kv.v, und.x(), gen.x()}) {
      ASSERT_GT(rms(x), 0.5) << "layer " << i;
      ASSERT_LT(rms(x), 2.0) << "layer " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Published, RandomDepth, testing::Values(36, 64));

TEST(RandomRun, LatentsAreOfOrderOneAndTheSameOnEveryGrid) {
  const Comm alone = mpi_world().split(mpi_world().shard().rank);
  const MediaLatents expected = generate(alone, {1, 1});
  for (const auto& [stream, latents] : expected) {
    expect_order_one(latents);
    RecordProperty(std::string("rms_") + schema_of(stream).name, std::to_string(rms(latents)));
  }
  const int ranks = mpi_world().shard().size;
  for (const int cfg : {1, 2}) {
    if (ranks % cfg != 0) continue;
    const MediaLatents found = generate(mpi_world(), {cfg, ranks / cfg});
    for (const auto& [stream, latents] : expected) {
      EXPECT_LE((found.at(stream) - latents).abs().max().item<double>(), kSameAcrossGrids) << "cfg " << cfg;
    }
  }
}

}  // namespace
}  // namespace orrery
