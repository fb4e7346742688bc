#include <fmt/format.h>

#include <string>

#include "app/bench/parts.h"
#include "app/bench/settings.h"
#include "app/plan/machine_profile.h"
#include "base/core/error.h"
#include "base/parallel/lone_rank.h"
#include "models/cost/step_costs.h"
#include "pipeline/denoise.h"

namespace orrery {
namespace {

constexpr double kShareSeconds = 5;
constexpr double kShareTimestep = 500;

Record share_record(const LayerWork& work, const Cosmos3Config& config, double sent) {
  const auto layers = static_cast<double>(config.num_hidden_layers);
  Record record;
  record.what = "shares";
  record.name = fmt::format("branch, by a rank of sp {}", work.sp);
  record.shape = fmt::format("{} of {} tokens, {}/{} heads, {} layers", work.tokens, work.queries, work.attention_heads,
                             work.attention_kv_heads, config.num_hidden_layers);
  record.flops = layers * work.flops();
  record.more["exchange_bytes"] = sent;
  record.more["exchange_ms"] = rounded(1e3 * sent / builtin_profile(GpuKind::H200).exchange);
  return record;
}

}  // namespace

void bench_shares(GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const BenchContext& context) {
  const BenchRanks& ranks = context.ranks;
  require_input(ranks.grid.sp == 1, "--what shares is for ranks that share no tokens: leave --sp out");
  const TowerGroups before = tower.groups();
  const MediaLatents noise = noise_for(42, shape, ranks.device);
  for (const int sp : {2, 4, 8}) {
    const GridShape grid{.tp = ranks.grid.tp, .sp = sp};
    if (!divides(config, grid)) continue;
    LoneRank group(sp);
    tower.set_groups({*ranks.groups.tp, group});
    const LayerWork work = layer_work(config, shape.tokens(), kBenchTextTokens, grid);
    const Branch branch = tower.prepare(random_text(config, ranks), shape);
    tower(noise, kShareTimestep, branch);
    Record record = share_record(work, config, group.traffic(ExchangeKind::AllToAll).bytes);
    record.ms = context.timer.measure([&] { tower(noise, kShareTimestep, branch); }, kShareSeconds);
    record.more["predicted_ms"] = rounded(record.ms.median + record.more["exchange_ms"].get<double>());
    context.report.add(record);
  }
  tower.set_groups(before);
}

}  // namespace orrery
