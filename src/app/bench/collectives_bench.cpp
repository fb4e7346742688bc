#include <c10/util/accumulate.h>
#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "app/bench/parts.h"
#include "models/nn/residual.h"
#include "models/nn/sequence_parallel.h"

namespace orrery {
namespace {

struct Exchange {
  std::string name;
  std::string shape;
  double bytes;  // of the result on one rank
  double wire;   // least number of times that each of these bytes crosses a rank's link
  std::function<void()> run;
};

void measure(const Exchange& exchange, const BenchContext& context) {
  Record record;
  record.what = "collectives";
  record.name = exchange.name;
  record.shape = exchange.shape;
  record.ms = context.timer.measure(exchange.run);
  record.bytes = exchange.bytes * exchange.wire;
  record.more["algorithm_gbps"] = rounded(exchange.bytes / record.ms.median / 1e6);
  context.report.add(record);
}

// Measures asynchronous all-reduces, called as in a layer, but without computation that overlaps them.
void measure_sums(const LayerWork& work, const BenchContext& context) {
  Collectives& tp = *context.ranks.groups.tp;
  const at::TensorOptions options = at::TensorOptions().device(context.ranks.device).dtype(context.ranks.dtype);
  std::vector<at::Tensor> parts;
  for (const Range& part : row_ranges(work.tokens, tp.shard().size)) {
    parts.push_back(at::zeros({part.size, work.hidden}, options));
  }
  bool by_peers = false;
  const auto run = [&] {
    for (const at::Tensor& part : parts) tp.start_sum(part);
    for (std::size_t i = 0; i < parts.size(); ++i) by_peers = tp.finish_sum().other.defined();
  };
  run();
  const double bytes =
      static_cast<double>(work.tokens * work.hidden) * static_cast<double>(parts.front().element_size());
  const double size = tp.shard().size;
  measure({by_peers ? "asynchronous sums, terms from the peer" : "asynchronous sums, all-reduced",
           fmt::format("{} x {} in {}", work.tokens, work.hidden, parts.size()), bytes, 2 * (size - 1) / size, run},
          context);
}

// Measures the all-to-all before a layer's attention, which exchanges tokens for heads.
void measure_exchange(const LayerWork& work, const BenchContext& context) {
  Collectives& sp = *context.ranks.groups.sp;
  const SequenceParallel sequence(&sp, work.queries, work.heads, work.kv_heads);
  const at::TensorOptions options = at::TensorOptions().device(context.ranks.device).dtype(context.ranks.dtype);
  const auto exchange = [&] {
    const HeadsExchange heads(sequence, 0, work.head_dim, options);
    heads.send({0, sequence.own().size});
    heads.finish();
  };
  const std::int64_t heads = sequence.heads().total(), bytes = work.queries * heads * work.head_dim;
  const auto ranks = static_cast<double>(work.sp);
  measure({"all-to-all over sp", fmt::format("{} x {} heads over {}", work.queries, heads, work.sp),
           static_cast<double>(bytes) * static_cast<double>(options.dtype().itemsize()), (ranks - 1) / ranks, exchange},
          context);
}

}  // namespace

void bench_collectives(const LayerWork& work, const MediaShape& shape, const BenchContext& context) {
  const BenchRanks& ranks = context.ranks;
  const int tp = ranks.groups.tp->shard().size;
  const int cfg = ranks.groups.cfg->shard().size;
  const at::TensorOptions options = at::TensorOptions().device(ranks.device);
  if (tp > 1) {
    at::Tensor x = at::zeros({work.tokens, work.hidden}, options.dtype(ranks.dtype));
    measure({"all-reduce over tp", fmt::format("{} x {} over {}", work.tokens, work.hidden, tp),
             static_cast<double>(x.nbytes()), 2.0 * (tp - 1) / tp, [&] { ranks.groups.tp->all_reduce_sum(x); }},
            context);
    measure_sums(work, context);
  }
  if (work.sp > 1) measure_exchange(work, context);
  if (cfg > 1) {
    const at::Tensor velocity =
        at::zeros({1, c10::multiply_integers(shape.extents(Stream::Video))}, options.dtype(at::kFloat));
    measure({"all-gather over cfg", fmt::format("{} float32 each, of {}", velocity.size(1), cfg),
             static_cast<double>(velocity.nbytes()) * cfg, (cfg - 1.0) / cfg,
             [&] { ranks.groups.cfg->all_gather(velocity, 0); }},
            context);
  }
}

}  // namespace orrery
