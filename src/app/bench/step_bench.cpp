#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/bench/breakdown.h"
#include "app/bench/parts.h"
#include "app/bench/settings.h"
#include "base/device/device_memory.h"
#include "models/cost/step_costs.h"
#include "models/nn/phase.h"
#include "models/sampler/fixed_step.h"
#include "models/sampler/schedule.h"
#include "pipeline/denoise.h"
#include "pipeline/guidance.h"

namespace orrery {
namespace {

constexpr double kStepSeconds = 10;
constexpr double kSomeTimestep = 500;

// Repeats the steps of one request.
class Stepper {
 public:
  Stepper(const GuidedModel& model, const Request& clip, MediaLatents latents, const ScheduleRule& rule)
      : model_(model),
        latents_(std::move(latents)),
        schedule_(make_schedule(rule, rule.is_fixed() ? rule.fixed_steps() : clip.steps, clip.flow_shift)),
        seed_(clip.seed),
        sampler_(schedule_, seed_) {}

  // Does one step, always from the same latents, since random weights do not converge.
  void operator()() {
    if (sampler_.state().step == schedule_.steps()) sampler_ = StreamSampler(schedule_, seed_);
    const double timestep = schedule_.timesteps[static_cast<std::size_t>(sampler_.state().step)];
    const MediaVelocity velocity = model_.velocity(latents_, timestep);
    phase("guidance + sampler step",
          [&] { sampler_.step(velocity.at(Stream::Video), latents_.at(Stream::Video), {}); });
  }

 private:
  const GuidedModel& model_;
  MediaLatents latents_;
  Schedule schedule_;
  std::uint32_t seed_;
  StreamSampler sampler_;
};

Record branch_record(const Cosmos3Config& config, const LayerWork& work, const LayerCeilings& ceilings) {
  const auto layers = static_cast<double>(config.num_hidden_layers);
  Record record;
  record.what = "step";
  record.name = "branch";
  record.shape = fmt::format("{} tokens, {} layers", work.tokens, config.num_hidden_layers);
  record.flops = layers * work.flops();
  record.best_ms = layers * ceilings.layer_ms();
  record.more["floor_ms"] = rounded(record.best_ms);
  record.more["hot_floor_ms"] = rounded(layers * ceilings.in_turn_ms);
  return record;
}

// The record of a step, with the number of branches that this rank computes.
Record step_record(const Record& branch, const BenchRanks& ranks, bool guided) {
  const int branches = guided && ranks.groups.cfg->shard().size == 1 ? 2 : 1;
  Record record = branch;
  record.name = "step";
  record.flops *= branches;
  record.best_ms *= branches;
  record.more = {{"branches", branches}};
  return record;
}

}  // namespace

TextCache random_text(const Cosmos3Config& config, const BenchRanks& ranks) {
  const at::TensorOptions options = at::TensorOptions().device(ranks.device).dtype(ranks.dtype);
  const std::int64_t kv_heads = config.num_key_value_heads / ranks.grid.tp;
  TextCache cache;
  cache.tokens = kBenchTextTokens;
  const auto make = [&] { return at::randn({kBenchTextTokens, kv_heads, config.head_dim}, options); };
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) cache.layers.push_back({make(), make()});
  return cache;
}

void bench_step(const GenTower& tower, const BenchModel& model, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context) {
  const Cosmos3Config& config = model.transformer_config;
  const Request& clip = context.settings.clip;
  const bool guided = !model.schedule.is_fixed();
  const BenchRanks& ranks = context.ranks;
  const LayerFormats formats{context.settings.products.format, ranks.attention.attention.format()};
  const auto text = [&](const TokenIds&) { return random_text(config, ranks); };
  const MediaLatents noise = noise_for(clip.seed, shape, ranks.device);
  Record record = branch_record(config, work, ceilings);
  {
    const Branch branch = tower.prepare(text({}), shape);
    record.ms = context.timer.measure([&] { tower(noise, kSomeTimestep, branch); }, kStepSeconds);
    context.report.add(record);
    if (formats.products != RowFormat::Plain || formats.attention != RowFormat::Plain) {
      Record full = record;
      full.name = "branch, full precision";
      full.best_ms = 0;  // the ceilings are those of 8 bits
      full.more.clear();
      full.ms = context.timer.measure([&] { tower(noise, kSomeTimestep, branch, Precision::Full); }, kStepSeconds);
      context.report.add(full);
    }
  }
  const GuidedModel guided_model(tower, *ranks.groups.cfg, text, {}, shape, guided ? clip.guidance() : std::nullopt);
  Stepper step(guided_model, clip, noise, model.schedule);
  record = step_record(record, ranks, guided);
  reset_peak_memory(ranks.device);
  record.ms = context.timer.measure([&] { step(); }, kStepSeconds);
  record.peak_memory = context.timer.largest_memory();
  record.more["host_ms"] = rounded(context.timer.host_ms([&] { step(); }));
  context.report.add(record);

  const BrokenDown subject{"step", "step", [&] { step(); }};
  const bool alone = ranks.groups.cfg->shard().size * ranks.groups.sp->shard().size == 1;
  const int at_once = alone && pays_in_one_pass(shape.tokens()) ? 2 : 1;
  report_phases(subject,
                step_costs(work, shape, formats, ceilings, static_cast<double>(c10::elementSize(ranks.dtype)), at_once),
                context);
  report_kernels(subject, context);
}

}  // namespace orrery
