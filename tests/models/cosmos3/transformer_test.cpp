#include "models/cosmos3/transformer.h"

#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "io/checkpoint/safetensors_files.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/test_device.h"

namespace orrery {
namespace {

constexpr double kVelocityTolerance = 2e-4;
constexpr double kKeyValueTolerance = 2e-4;

std::vector<std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

// The golden model of one set over the world's ranks, as cfg groups of `tp` ranks that each compute the same.
class GoldenTransformer {
 public:
  GoldenTransformer(const std::string& set, int tp, at::ScalarType dtype = at::kFloat,
                    RowFormat products = RowFormat::Plain, const Attention& attention = {})
      : comm_(mpi_world().split(mpi_world().shard().rank / tp)),
        collectives_(make_collectives(comm_, test_device())),
        folder_(golden_checkpoint(set) / "transformer"),
        model_(Weights(std::make_shared<ShardedCheckpoint>(folder_), comm_.shard(), test_device(), dtype),
               read_cosmos3_config(folder_ / "config.json"), *collectives_, products, attention) {}

  const Transformer& operator*() const { return model_; }
  Shard shard() const { return comm_.shard(); }

 private:
  Comm comm_;
  std::unique_ptr<Collectives> collectives_;
  std::filesystem::path folder_;
  Transformer model_;
};

struct Case {
  std::string set;
  std::string name;
  int largest_tp;
};

class GoldenCase : public testing::TestWithParam<Case> {
 protected:
  GoldenTransformer model(at::ScalarType dtype = at::kFloat, const Attention& attention = {}) const {
    return {GetParam().set, std::min(GetParam().largest_tp, mpi_world().shard().size), dtype, RowFormat::Plain,
            attention};
  }
  Golden golden() const { return Golden::load_case(GetParam().set + "/" + GetParam().name); }
};

TEST_P(GoldenCase, TextKeysAndValues) {
  const Golden g = golden();
  const GoldenTransformer m = model();
  const TextCache cache = (*m).text_tower()(ids_of(g["text_ids"]));
  const auto own_heads = [&](const std::string& name) {
    const at::Tensor whole = g[name].squeeze(0);  // (L, kv heads, head_dim)
    const Range heads = m.shard().slice(whole.size(1));
    return whole.narrow(1, heads.begin, heads.size);
  };
  EXPECT_LE(max_abs(cache.layers.front().k.cpu(), own_heads("und_k_first")), kKeyValueTolerance);
  EXPECT_LE(max_abs(cache.layers.front().v.cpu(), own_heads("und_v_first")), kKeyValueTolerance);
  EXPECT_LE(max_abs(cache.layers.back().k.cpu(), own_heads("und_k_last")), kKeyValueTolerance);
  EXPECT_LE(max_abs(cache.layers.back().v.cpu(), own_heads("und_v_last")), kKeyValueTolerance);
}

// The latent frames that a golden case is given.
std::vector<std::int64_t> given_frames(const Golden& g) {
  if (g.has("cond_latent")) return g.request().value("condition_frames", std::vector<std::int64_t>{0});
  return g.has("image_latent") ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{};
}

// (1, C, t, h, w) → (C, t, h, w) with the given frames in their place. Some cases hold these alone, others whole
// videos.
at::Tensor with_given(const Golden& g, const at::Tensor& video) {
  at::Tensor whole = video.squeeze(0).clone();
  const std::vector<std::int64_t> frames = given_frames(g);
  if (frames.empty()) return whole;
  const at::Tensor given = g[g.has("cond_latent") ? "cond_latent" : "image_latent"].squeeze(0);
  const at::Tensor steps = at::tensor(frames, at::kLong);
  return whole.index_copy_(1, steps, given.size(1) == steps.size(0) ? given : given.index_select(1, steps));
}

// The shape of a golden case, with the frames given that it starts from.
MediaShape shape_of(const Golden& g) {
  MediaShape shape;
  shape.streams[Stream::Video].extents = g["noise_video"].squeeze(0).sizes().vec();
  if (g.has("noise_sound")) shape.streams[Stream::Sound].extents = g["noise_sound"].sizes().vec();
  shape.fps = g.request().at("fps").get<double>();
  shape.streams[Stream::Video].given = given_frames(g);
  return shape;
}

MediaLatents on_device(MediaLatents latents) {
  for (auto& [stream, own] : latents) own = own.to(test_device());
  return latents;
}

// The frames of a video (C, t, h, w) that are generated: the reference leaves zeros at those that are given.
at::Tensor generated(const Golden& g, const at::Tensor& video) {
  at::Tensor is_generated = at::ones({video.size(1)}, at::kBool);
  for (const std::int64_t frame : given_frames(g)) is_generated[frame] = false;
  return video.index_select(1, is_generated.nonzero().squeeze(1));
}

MediaLatents noise_of(const Golden& g) {
  MediaLatents latents{{Stream::Video, with_given(g, g["noise_video"])}};
  if (g.has("noise_sound")) latents[Stream::Sound] = g["noise_sound"];
  return on_device(latents);
}

TEST_P(GoldenCase, FirstVelocities) {
  const Golden g = golden();
  const GoldenTransformer m = model();
  int compared = 0;
  const auto compare = [&](const std::string& name, const std::string& ids, const MediaLatents& latents, int step) {
    if (!g.has(name + "_video")) return;
    ++compared;
    const Branch branch = (*m).media_tower().prepare((*m).text_tower()(ids_of(g[ids])), shape_of(g));
    const auto timestep = g["timesteps"][step].item<double>();
    const MediaLatents velocity = (*m).media_tower()(latents, timestep, branch);
    const at::Tensor found = velocity.at(Stream::Video).cpu();
    const double video = max_abs(generated(g, found), generated(g, g[name + "_video"].squeeze(0)));
    EXPECT_LE(video, kVelocityTolerance) << name;
    RecordProperty(name, std::to_string(video));
    if (!latents.contains(Stream::Sound)) return;
    const double sound = max_abs(velocity.at(Stream::Sound).cpu(), g[name + "_sound"].squeeze(0).transpose(0, 1));
    EXPECT_LE(sound, kVelocityTolerance) << name;
    RecordProperty(name + "_sound", std::to_string(sound));
  };
  compare("velocity0_cond", "text_ids", noise_of(g), 0);
  compare("velocity0_uncond", "neg_text_ids", noise_of(g), 0);
  compare("velocity1_cond", "text_ids", on_device({{Stream::Video, with_given(g, g["step_video"][0])}}), 1);
  EXPECT_EQ(compared, g.has("velocity0_cond_video") ? 2 : 1);
}

TEST_P(GoldenCase, BothFirstVelocitiesInOnePass) {
  const Golden g = golden();
  if (!g.has("velocity0_uncond_video")) return;
  const GoldenTransformer m = model();
  const GenTower& tower = (*m).media_tower();
  Branch cond = tower.prepare((*m).text_tower()(ids_of(g["text_ids"])), shape_of(g));
  Branch uncond = tower.prepare((*m).text_tower()(ids_of(g["neg_text_ids"])), shape_of(g));
  GenTower::pair_up(cond, uncond);
  const auto timestep = static_cast<double>(g["timesteps"][0].item<std::int64_t>());
  const auto [first, second] = tower.in_one_pass(noise_of(g), timestep, cond, uncond);
  for (const auto& [name, velocity] : {std::pair{"velocity0_cond", first}, std::pair{"velocity0_uncond", second}}) {
    for (const auto& [stream, own] : velocity) {
      const std::string key = std::string(name) + "_" + schema_of(stream).name;
      const at::Tensor expected = g[key].squeeze(0);
      const double difference = stream == Stream::Video ? max_abs(generated(g, own.cpu()), generated(g, expected))
                                                        : max_abs(own.cpu().transpose(0, 1), expected);
      EXPECT_LE(difference, kVelocityTolerance) << key;
    }
  }
}

// Those that this device has.
std::vector<NamedAttention> kernels() {
  const AttentionCase attention{test_device(), at::kBFloat16, 16};
  std::vector<NamedAttention> all{{libtorch_kernel(attention), Attention()}};
  if (test_device().is_cuda()) all.push_back({AttentionKernel::Fa3, Attention(find_flash_attention())});
  return all;
}

// How far the first velocity in bfloat16 is from float32's.
double bfloat16_error(const Golden& g, const GoldenTransformer& m) {
  const Branch branch = (*m).media_tower().prepare((*m).text_tower()(ids_of(g["text_ids"])), shape_of(g));
  const auto timestep = g["timesteps"][0].item<double>();
  const at::Tensor velocity = (*m).media_tower()(noise_of(g), timestep, branch).at(Stream::Video).cpu();
  return relative_rms(generated(g, velocity), generated(g, g["velocity0_cond_video"].squeeze(0)));
}

// Rounding, and nothing worse.
TEST_P(GoldenCase, BFloat16VelocityIsClose) {
  const Golden g = golden();
  if (!g.has("velocity0_cond_video")) return;
  for (const auto& [kernel, attention] : kernels()) {
    const double error = bfloat16_error(g, model(at::kBFloat16, attention));
    EXPECT_LE(error, 2e-2) << name_of(kernel);
    RecordProperty("bfloat16_" + name_of(kernel), std::to_string(error));
  }
}

// Enough tokens for the ranks to work on them in two parts: sums travel while the other part is computed.
class ManyTokens : public testing::Test {
 protected:
  static at::Tensor velocity(const GoldenTransformer& golden, Precision precision = Precision::Native) {
    const Transformer& model = *golden;
    const MediaShape shape{{{Stream::Video, {{model.config().latent_channel, 5, 21, 22}}}}};  // 605 tokens
    const at::Tensor video =
        at::randn(shape.extents(Stream::Video), at::detail::createCPUGenerator(3), at::kFloat).to(test_device());
    const Branch branch = model.media_tower().prepare(model.text_tower()({1, 2, 3}), shape);
    return model.media_tower()({{Stream::Video, video}}, 500, branch, precision).at(Stream::Video);
  }
  int ranks_ = mpi_world().shard().size;
};

TEST_F(ManyTokens, GiveTheSameVelocitiesAtEveryTp) {
  const at::Tensor alone = velocity({"tiny", 1});
  const at::Tensor shared = velocity({"tiny", ranks_});
  EXPECT_LE(max_abs(shared, alone), kVelocityTolerance);
  EXPECT_TRUE(at::equal(velocity({"tiny", ranks_}), shared)) << "another run, other bits";
}

// The yardstick is float8's own step of 2^-4, averaged over a product's sum; the first and last layers are left out.
TEST_F(ManyTokens, InEightBitsStayNear) {
  const at::Tensor exact = velocity({"tiny", 1});
  const double error = relative_rms(velocity({"tiny", ranks_, at::kFloat, RowFormat::Float8}), exact);
  EXPECT_LE(error, 0.05);
  EXPECT_GE(error, 1e-4) << "nothing was rounded";
}

// The weights alone are rounded then.
TEST_F(ManyTokens, InFullPrecisionAreNearer) {
  const at::Tensor exact = velocity({"tiny", 1});
  const GoldenTransformer in_8_bits("tiny", ranks_, at::kFloat, RowFormat::Float8);
  const double native = relative_rms(velocity(in_8_bits), exact);
  const double full = relative_rms(velocity(in_8_bits, Precision::Full), exact);
  EXPECT_LE(full, 0.9 * native);
  EXPECT_GE(full, 1e-4) << "the weights were not kept in 8 bits";
  const GoldenTransformer plain("tiny", ranks_);
  EXPECT_TRUE(at::equal(velocity(plain, Precision::Full), velocity(plain)));
}

// Every layer's attention is in 8 bits, its products are exact.
TEST_F(ManyTokens, WithAttentionInEightBitsStayNear) {
  const bool gpu = test_device().is_cuda();
  const Attention float8 = (gpu ? Attention(find_flash_attention()) : Attention()).in(RowFormat::Float8);
  const at::ScalarType dtype = gpu ? at::kBFloat16 : at::kFloat;
  const at::Tensor exact = velocity({"tiny", 1});
  const at::Tensor alone = velocity({"tiny", 1, dtype, RowFormat::Plain, float8});
  const at::Tensor shared = velocity({"tiny", ranks_, dtype, RowFormat::Plain, float8});
  const double error = relative_rms(shared, exact);
  RecordProperty("error", std::to_string(error));
  EXPECT_LE(error, 0.05);
  EXPECT_GE(error, 1e-4) << "nothing was rounded";
  const double rounding = relative_rms(velocity({"tiny", ranks_, dtype}), velocity({"tiny", 1, dtype}));
  EXPECT_LE(relative_rms(shared, alone), 0.5 * error + rounding) << "ranks have other factors";
}

TEST_F(ManyTokens, AttendExactlyInFullPrecision) {
  const GoldenTransformer golden("tiny", ranks_, at::kFloat, RowFormat::Plain, Attention().in(RowFormat::Float8));
  EXPECT_TRUE(at::equal(velocity(golden, Precision::Full), velocity({"tiny", ranks_})));
}

INSTANTIATE_TEST_SUITE_P(Edge, GoldenCase, testing::Values(Case{"edge", "t2v", 2}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

INSTANTIATE_TEST_SUITE_P(AllModes, GoldenCase,
                         testing::Values(Case{"tiny", "t2v", 8}, Case{"tiny", "odd_grid_karras_nocfg", 8},
                                         Case{"tiny", "single_frame", 8}, Case{"tiny", "i2v", 8},
                                         Case{"tiny", "t2av", 8}, Case{"tiny", "i2av", 8}, Case{"gqa_native", "t2v", 2},
                                         Case{"gqa_native", "i2av", 2}, Case{"modes", "v2v_first", 2},
                                         Case{"modes", "v2v_short_gap", 2}, Case{"modes", "v2v_sound", 2},
                                         Case{"modes", "t2i", 2}, Case{"distilled", "t2v", 2},
                                         Case{"distilled", "i2v", 2}, Case{"distilled", "v2v", 2}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

}  // namespace
}  // namespace orrery
