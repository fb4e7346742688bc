// Compares the traffic that the groups of ranks count in a denoising step with plan's forecast.
#include <gtest/gtest.h>

#include "app/plan/clip_work.h"
#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/denoise.h"
#include "pipeline/guidance.h"
#include "support/mpi_world.h"

namespace orrery {
namespace {

// {cfg, tp, sp}
std::vector<GridShape> all_grids(int ranks) {
  if (ranks == 2) return {{2, 1, 1}, {1, 2, 1}, {1, 1, 2}};
  return {{1, 1, 4}, {1, 2, 2}, {2, 1, 2}};
}

TEST(Traffic, OfAStepIsWhatThePlanSays) {
  const CheckpointFiles files = open_checkpoint("random:tiny");
  Request request;
  request.width = 208;  // 13 x 9 latent cells: 7 x 5 patches, which do not divide evenly among the ranks
  request.height = 144;
  request.num_frames = 9;
  request.sound = true;
  const PromptIds ids{TokenIds(7, 3), TokenIds(5, 4)};
  const MediaShape shape = media_shape(request, files.transformer_config);
  for (const GridShape& each : all_grids(mpi_world().shard().size)) {
    SCOPED_TRACE(each.text());
    const ProcessGrid grid(mpi_world(), each);
    const RankGroups groups(grid, at::kCPU);
    const auto& [tp, sp, cfg] = groups;
    const Transformer model(Weights(files.transformer, grid.tp().shard(), at::kCPU, at::kFloat),
                            files.transformer_config, groups);
    const GuidedModel guided(model.media_tower(), *cfg, std::cref(model.text_tower()), ids, shape, Guidance{6});
    const Traffic before = tp->traffic(ExchangeKind::Sum);  // traffic of the texts
    guided.velocity(noise_for(1, shape, at::kCPU), 500);
    if (!grid.is_root()) continue;  // the other ranks have no more tokens than rank 0
    const ModelSizes sizes{files.transformer_config, files.vae_config, files.sound_config, {each, 4}};
    const StepWork step = clip_work(sizes, request, ids, false).step;
    const Traffic sums = tp->traffic(ExchangeKind::Sum), exchanges = sp->traffic(ExchangeKind::AllToAll);
    const Traffic gathers = cfg->traffic(ExchangeKind::Gather);
    EXPECT_DOUBLE_EQ(sums.bytes - before.bytes, step.sum_bytes);
    EXPECT_DOUBLE_EQ(exchanges.bytes, step.exchange_bytes);
    EXPECT_DOUBLE_EQ(gathers.bytes, step.gather_bytes);
    EXPECT_EQ(sums.calls - before.calls + exchanges.calls + gathers.calls, step.calls);
  }
}

}  // namespace
}  // namespace orrery
