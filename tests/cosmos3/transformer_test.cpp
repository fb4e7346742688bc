#include "cosmos3/transformer.h"

#include <gtest/gtest.h>

#include "checkpoint/sharded_checkpoint.h"
#include "core/error.h"
#include "parallel/process_grid.h"
#include "support/golden.h"
#include "support/mpi_world.h"

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
  GoldenTransformer(const std::string& set, int tp)
      : comm_(mpi_world().split(mpi_world().shard().rank / tp)),
        collectives_(make_collectives(comm_, at::kCPU)),
        folder_(golden_checkpoint(set) / "transformer"),
        model_(Weights(std::make_shared<ShardedCheckpoint>(folder_), comm_.shard(), at::kCPU, at::kFloat),
               read_cosmos3_config(folder_ / "config.json"), *collectives_) {}

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
  GoldenTransformer model() const {
    return {GetParam().set, std::min(GetParam().largest_tp, mpi_world().shard().size)};
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
  EXPECT_LE(max_abs(cache.layers.front().k, own_heads("und_k_first")), kKeyValueTolerance);
  EXPECT_LE(max_abs(cache.layers.front().v, own_heads("und_v_first")), kKeyValueTolerance);
  EXPECT_LE(max_abs(cache.layers.back().k, own_heads("und_k_last")), kKeyValueTolerance);
  EXPECT_LE(max_abs(cache.layers.back().v, own_heads("und_v_last")), kKeyValueTolerance);
}

TEST_P(GoldenCase, FirstVelocities) {
  const Golden g = golden();
  const GoldenTransformer m = model();
  const double fps = g.request().at("fps").get<double>();
  const auto velocity = [&](const std::string& ids, const at::Tensor& latent, std::int64_t step) {
    const Branch branch = (*m).media_tower().prepare((*m).text_tower()(ids_of(g[ids])), latent.sizes(), fps);
    return (*m).media_tower()(latent, static_cast<double>(g["timesteps"][step].item<std::int64_t>()), branch);
  };
  int compared = 0;
  const auto compare = [&](const std::string& name, const std::string& ids, const at::Tensor& latent,
                           std::int64_t step) {
    if (!g.has(name)) return;
    ++compared;
    const double worst = max_abs(velocity(ids, latent, step), g[name].squeeze(0));
    EXPECT_LE(worst, kVelocityTolerance) << name;
    RecordProperty(name, std::to_string(worst));
  };
  compare("velocity0_cond_video", "text_ids", g["noise_video"].squeeze(0), 0);
  compare("velocity0_uncond_video", "neg_text_ids", g["noise_video"].squeeze(0), 0);
  compare("velocity1_cond_video", "text_ids", g["step_video"][0].squeeze(0), 1);
  EXPECT_EQ(compared, g.has("velocity0_cond_video") ? 2 : 1);
}

INSTANTIATE_TEST_SUITE_P(TextToVideo, GoldenCase,
                         testing::Values(Case{"tiny", "t2v", 8}, Case{"tiny", "odd_grid_karras_nocfg", 8},
                                         Case{"tiny", "single_frame", 8}, Case{"gqa_native", "t2v", 2}),
                         [](const auto& row) { return row.param.set + "_" + row.param.name; });

}  // namespace
}  // namespace orrery
