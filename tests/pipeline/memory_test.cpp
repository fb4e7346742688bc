#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <tuple>

#include "base/core/numbers.h"
#include "base/parallel/lone_rank.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "io/checkpoint/random_checkpoint.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/audio/decoder.h"
#include "models/cosmos3/transformer.h"
#include "models/sampler/step_cache.h"
#include "models/wan/decoder.h"
#include "models/wan/encoder.h"
#include "pipeline/clip_needs.h"
#include "support/counted_memory.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/nano.h"
#include "support/test_device.h"

namespace orrery {
namespace {

// What is reckoned must not be less than what tensors really take, and not much more.
void expect_covers(std::int64_t reckoned, std::int64_t measured) {
  const double ratio = static_cast<double>(reckoned) / static_cast<double>(measured);
  testing::Test::RecordProperty("reckoned_over_measured", std::to_string(ratio));
  std::cout << "reckoned " << reckoned << ", measured " << measured << ": " << ratio << "\n";
  EXPECT_GE(ratio, 1.0);
  EXPECT_LE(ratio, 1.3);
}

class Memory : public testing::Test {
 protected:
  // On a CPU mixed types take copies that a GPU does without, so there it is float32.
  static at::ScalarType dtype() { return test_device().is_cuda() ? at::kBFloat16 : at::kFloat; }
  static std::int64_t element_bytes() { return static_cast<std::int64_t>(at::elementSize(dtype())); }
  static Weights weights(std::shared_ptr<WeightSource> source) {
    return {std::move(source), Shard{}, test_device(), dtype()};
  }

  Comm alone_ = mpi_world().split(mpi_world().shard().rank);
  std::unique_ptr<Collectives> group_ = make_collectives(alone_, test_device());
};

// The golden model, made as wide in its mlp as the published ones are.
class AttentionMemory : public Memory, public testing::WithParamInterface<std::tuple<RowFormat, int>> {};

TEST_P(AttentionMemory, OfAStepCoversItsTensors) {
  const std::filesystem::path folder = golden_checkpoint("tiny") / "transformer";
  Cosmos3Config config = read_cosmos3_config(folder / "config.json");
  const std::int64_t narrow = config.intermediate_size;
  config.intermediate_size = 3 * config.hidden_size;
  const ShardedCheckpoint source(folder);
  RandomTensors tensors;
  for (const std::string& name : source.names()) {
    std::vector<std::int64_t> shape = source.find(name)->shape;
    if (name.find("mlp") != std::string::npos && name.find("norm") == std::string::npos) {
      std::replace(shape.begin(), shape.end(), narrow, config.intermediate_size);
    }
    tensors[name] = {shape, 0, 0.02};
  }
  const auto [format, sp] = GetParam();
  const bool by_fa3 = test_device().is_cuda() && format == RowFormat::Float8;
  const Attention attention = (by_fa3 ? Attention(find_flash_attention()) : Attention()).in(format);
  std::optional<LoneRank> sharers(sp);
  const Transformer model(weights(std::make_shared<RandomCheckpoint>("wide", tensors)), config, {*group_, *sharers},
                          RowFormat::Plain, attention);
  const MediaShape shape{{{Stream::Video, {{config.latent_channel, 5, 32, 48}}}}};
  const MediaLatents latents{{Stream::Video, at::zeros(shape.extents(Stream::Video), test_device())}};
  const TokenIds text(40, 3);
  const auto step = [&] {
    const Branch branch = model.media_tower().prepare(model.text_tower()(text), shape);
    model.media_tower()(latents, 500, branch);
  };
  step();               // the first products on a GPU take a workspace that stays
  sharers.emplace(sp);  // and its windows, which are to be counted, go
  const CountedMemory memory(test_device());
  // What the sampler holds meanwhile: two velocities, its last latents and the other branch's velocity.
  const at::Tensor held =
      at::empty({4, 5 * 16 * 24, config.patch_width()}, at::device(test_device()).dtype(at::kFloat));
  step();
  expect_covers(step_bytes(config, 5 * 16 * 24, 40, 1, {{1, 1, sp}, element_bytes(), RowFormat::Plain, format}),
                memory.peak());
}

INSTANTIATE_TEST_SUITE_P(Formats, AttentionMemory,
                         testing::Combine(testing::Values(RowFormat::Plain, RowFormat::Float8), testing::Values(1, 2)),
                         [](const auto& row) {
                           return std::string(choice_name(std::get<0>(row.param))) + "_sp" +
                                  std::to_string(std::get<1>(row.param));
                         });

TEST_F(Memory, OfAStepCacheCoversItsTensors) {
  const std::filesystem::path folder = golden_checkpoint("tiny") / "transformer";
  const Cosmos3Config config = read_cosmos3_config(folder / "config.json");
  const std::vector<std::int64_t> shape{config.latent_channel, 5, 32, 48};
  const at::Tensor video = at::ones(shape, test_device());
  const Schedule schedule = make_schedule(ScheduleKind::Native, 8, 10);
  StepCache cache({1e9, 1, 1}, schedule, shape, 2, test_device());
  const auto begin_step = [&](std::int64_t step) -> bool {
    cache.measure(video, step, {true, true});
    return cache.decide({0.0F, 0.0F}).front();
  };
  StepCache({1e9, 1, 1}, schedule, shape, 2, test_device()).measure(video, 0, {true, true});  // as in a step: once
  const CountedMemory memory(test_device());
  for (std::int64_t step = 0; step < 3; ++step) {
    if (!begin_step(step)) continue;
    for (const std::size_t branch : {0, 1}) cache.keep(branch, {{Stream::Video, video * 2}});
  }
  begin_step(3);
  const at::Tensor shallow = video * 3;  // as long as the layers are at work
  const std::int64_t tokens = 5 * 16 * 24;
  const std::int64_t value = tokens * config.patch_width() * 4;
  // Both branches share an indicator here, and the filter's own results come and go while no layer is at work.
  EXPECT_GE(step_cache_bytes(config, tokens, 2, 1), 6 * value);
  EXPECT_LE(memory.peak(), step_cache_bytes(config, tokens, 2, 1) + 2 * value);
}

TEST_F(Memory, OfDecodingCoversItsTensors) {
  const std::filesystem::path folder = golden_checkpoint("gqa_native") / "vae";
  const WanConfig config = read_wan_config(folder / "config.json");
  const WanDecoder decoder(weights(std::make_shared<ShardedCheckpoint>(folder)), config);
  const at::Tensor latent = at::zeros({config.z_dim, 12, 16}, test_device());
  WanDecodeStream(decoder).next(latent);  // the first products on a GPU take a workspace that stays
  const CountedMemory memory(test_device());
  WanDecodeStream stream(decoder);
  for (int frame = 0; frame < 3; ++frame) stream.next(latent);
  expect_covers(decode_bytes(config, 12, 16, element_bytes()), memory.peak());
}

// Of 8 channels, which our kernels take on a GPU, and of 6, which they leave to ATen.
TEST_F(Memory, OfEncodingCoversItsTensors) {
  for (const char* const set : {"tiny", "gqa_native"}) {
    const std::filesystem::path folder = golden_checkpoint(set) / "vae";
    const WanConfig config = read_wan_config(folder / "config.json");
    const WanEncoder encoder(weights(std::make_shared<ShardedCheckpoint>(folder)), config);
    for (const auto& [height, width] : {std::pair{12, 16}, {5, 9}}) {
      SCOPED_TRACE(testing::Message() << set << ", " << height << " x " << width);
      const at::Tensor pixels = at::zeros({3, 4, 16 * height, 16 * width}, test_device());
      const CountedMemory memory(test_device());
      WanEncodeStream stream(encoder);
      for (int frame = 0; frame < 3; ++frame) stream.next(pixels.narrow(1, 0, stream.frames_wanted()));
      expect_covers(encode_bytes(config, height, width, element_bytes()), memory.peak());
    }
  }
}

TEST_F(Memory, OfSoundCoversItsTensors) {
  const std::filesystem::path folder = golden_checkpoint("tiny") / "sound_tokenizer";
  const SoundConfig config = read_sound_config(folder / "config.json");
  const SoundDecoder decoder(weights(std::make_shared<ShardedCheckpoint>(folder)), config);
  const at::Tensor latent = at::zeros({config.vocoder_input_dim, 60}, test_device());
  const CountedMemory memory(test_device());
  decoder(latent);
  expect_covers(sound_bytes(config, 60), memory.peak());
}

// By hand: a token has 3 · 4096 + 3 · 12288 values in the mlp, and fewer in attention: 4096 + 6144 + 4096.
TEST(StepMemory, OfThePublishedModel) {
  constexpr std::int64_t kTokens = 44160;  // 1280 x 720, 189 frames
  constexpr std::int64_t kValues = 3 * 4096 + 3 * 12288;
  const std::int64_t rope = kTokens * 2 * 128 * 2, latents = kTokens * 192 * 6 * 4;
  EXPECT_EQ(step_bytes(nano_config(), kTokens, 0, 1, {}), kTokens * kValues * 2 + rope + latents);
  EXPECT_EQ(text_cache_bytes(nano_config(), 500, {}), 36 * 2 * 500 * 1024 * 2);
  EXPECT_EQ(text_cache_bytes(nano_config(), 500, {{1, 4}}), 36 * 2 * 500 * 256 * 2);
}

TEST(StepMemory, ShrinksWithRanks) {
  const auto step = [](int tp) { return step_bytes(nano_config(), 44160, 500, 1, {{1, tp}}); };
  EXPECT_LT(step(2), step(1));
  EXPECT_GT(step(2), step(1) / 2);
  EXPECT_LT(step(8), step(2));
}

TEST(ClipMemory, FollowsTheRequest) {
  ModelSizes sizes{nano_config(), read_wan_config(golden_checkpoint("tiny") / "vae" / "config.json"), std::nullopt, {}};
  const PromptIds ids{TokenIds(500, 1), TokenIds(100, 1)};
  Request request;
  const ClipMemory usual = clip_memory(sizes, request, ids);
  request.num_frames = 93;
  const ClipMemory shorter = clip_memory(sizes, request, ids);
  EXPECT_LT(shorter.step, usual.step);
  EXPECT_EQ(shorter.media, usual.media) << "decoding streams";
  request.height = 480;
  EXPECT_LT(clip_memory(sizes, request, ids).media, shorter.media);
  request.guidance_scale = 1;
  const ClipMemory unguided = clip_memory(sizes, request, ids);
  request.guidance_scale = 6;
  EXPECT_LT(unguided.step, clip_memory(sizes, request, ids).step);
  sizes.layout.grid.cfg = 2;
  EXPECT_EQ(unguided.step, clip_memory(sizes, request, ids).step);
  const std::int64_t exact = clip_tensors(sizes, request, ids).step;
  request.step_cache.threshold = 0.25;
  const std::int64_t latents = 4 * 192 * 24 * 15 * 40;  // every rank keeps both branches' last share and indicator
  EXPECT_EQ(clip_tensors(sizes, request, ids).step, exact + 5 * latents);
}

}  // namespace
}  // namespace orrery
