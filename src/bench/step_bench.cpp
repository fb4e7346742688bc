#include "bench/step_bench.h"

#include <c10/util/accumulate.h>

#include <string>
#include <utility>
#include <vector>

#include "bench/clip.h"
#include "nn/phase.h"
#include "parallel/device_memory.h"
#include "pipeline/denoise.h"
#include "pipeline/guidance.h"
#include "sampler/schedule.h"
#include "sampler/unipc.h"

namespace orrery {
namespace {

constexpr double kGuidance = 6;  // above 1: both branches run
constexpr double kBudgetSeconds = 10;
constexpr double kSomeTimestep = 500;

// What the text tower leaves of a prompt, without the tower.
TextCache random_text(const Cosmos3Config& config, const LayerWork& work, const BenchRanks& ranks) {
  const at::TensorOptions options = at::TensorOptions().device(ranks.device).dtype(ranks.dtype);
  TextCache cache;
  cache.tokens = kBenchTextTokens;
  const auto make = [&] { return at::randn({kBenchTextTokens, work.kv_heads, work.head_dim}, options); };
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) cache.layers.push_back({make(), make()});
  return cache;
}

// Steps of one request, over and over.
class Stepper {
 public:
  Stepper(const GuidedModel& model, MediaLatents latents)
      : model_(model),
        latents_(std::move(latents)),
        schedule_(make_schedule(ScheduleKind::Native, 35, 10)),
        sampler_(schedule_.sigmas) {}

  // From the same latents each time: random weights lead nowhere.
  void operator()() {
    if (sampler_.step_index() == sampler_.steps()) sampler_ = UniPc(schedule_.sigmas);
    const auto timestep = schedule_.timesteps[static_cast<std::size_t>(sampler_.step_index())];
    const MediaVelocity velocity = model_.velocity(latents_, static_cast<double>(timestep));
    phase("guidance + sampler step", [&] { sampler_.step(velocity.video, latents_.video); });
  }

 private:
  const GuidedModel& model_;
  MediaLatents latents_;
  Schedule schedule_;
  UniPc sampler_;
};

Record branch_record(const Cosmos3Config& config, const LayerWork& work, const LayerCeilings& ceilings) {
  const auto layers = static_cast<double>(config.num_hidden_layers);
  Record record;
  record.what = "step";
  record.name = "branch";
  record.shape = std::to_string(work.tokens) + " tokens, " + std::to_string(config.num_hidden_layers) + " layers";
  record.flops = layers * work.flops();
  record.best_ms = layers * ceilings.layer_ms();
  record.more["floor_ms"] = rounded(record.best_ms);
  record.more["hot_floor_ms"] = rounded(layers * ceilings.in_turn_ms);
  return record;
}

// As many of `branch` as this rank runs.
Record step_record(const Record& branch, const BenchRanks& ranks) {
  const int branches = ranks.cfg.shard().size == 1 ? 2 : 1;
  Record record = branch;
  record.name = "step";
  record.flops *= branches;
  record.best_ms *= branches;
  record.more = {{"branches", branches}};
  return record;
}

}  // namespace

std::map<std::string, PhaseCost> step_costs(const LayerWork& work, const MediaShape& shape, RowFormat products_format,
                                            const LayerCeilings& ceilings, double element) {
  const auto products = work.products();
  const auto parts = static_cast<double>(work.parts);
  const auto product = [&](std::size_t i) {
    return PhaseCost{work.product_flops(products[i]) / parts, 0, ceilings.product_ms[i] / parts};
  };
  // Memory traffic of `numbers` read or written.
  const auto traffic = [&](std::int64_t numbers) {
    const double bytes = static_cast<double>(numbers) * element;
    return PhaseCost{0, bytes, ceilings.copy_ms(bytes)};
  };
  const auto part_traffic = [&](double numbers) {
    const double bytes = numbers * element / parts;
    return PhaseCost{0, bytes, ceilings.copy_ms(bytes)};
  };
  const auto rows = static_cast<double>(work.tokens);
  const double narrow = products_format == RowFormat::Float8 ? 1 / element : 1;  // of what only products read
  // The stream and what is added to it in; the stream and its norm out.
  const PhaseCost norm = part_traffic(rows * static_cast<double>(work.hidden) * (3 + narrow));
  const std::int64_t state = work.tokens * work.hidden;
  const std::int64_t latent = c10::multiply_integers(shape.video);
  const std::int64_t patch = 4 * shape.video[0];
  // Latents are float32.
  const auto latent_traffic = [&](std::int64_t latents, std::int64_t patches) {
    const double bytes = 4 * static_cast<double>(latents * latent) + element * static_cast<double>(patches);
    return PhaseCost{0, bytes, ceilings.copy_ms(bytes)};
  };
  // Between patches and the tower's width: so narrow that memory holds it up.
  PhaseCost patch_product = traffic(state + work.tokens * patch);
  patch_product.flops = work.product_flops({"", patch, work.hidden});
  return {{"patchify", latent_traffic(1, work.tokens * patch)},
          {"embed", patch_product},
          {"residual + norm out", traffic(4 * state)},
          {"project out", patch_product},
          {"unpatchify", latent_traffic(1, work.tokens * patch)},
          // Two branches and four remembered tensors in, three out: a step with guidance from the third on.
          {"guidance + sampler step", latent_traffic(9, 0)},
          {"residual + input norm", norm},
          {"qkv product", product(0)},
          {"head norm + rope", traffic(2 * work.tokens * (work.q_width() + work.kv_width()))},
          {"text keys and values", traffic(4 * (work.keys - work.tokens) * work.kv_width())},
          {"attention", {work.attention_flops(), 0, ceilings.attention_ms}},
          {"attention in 8 bits", part_traffic(rows * static_cast<double>(work.q_width()) * (1 + narrow))},
          {"out product", product(1)},
          {"residual + mlp norm", norm},
          {"gate|up product", product(2)},
          {"silu * mul", part_traffic(rows * static_cast<double>(work.intermediate) * (2 + narrow))},
          {"down product", product(3)}};
}

void bench_step(const GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context) {
  const BenchRanks& ranks = context.ranks;
  const auto text = [&](const TokenIds&) { return random_text(config, work, ranks); };
  const MediaLatents noise = noise_for(42, shape, config.sound_dim, ranks.device);
  Record record = branch_record(config, work, ceilings);
  {
    const Branch branch = tower.prepare(text({}), shape);
    record.ms = context.timer.measure([&] { tower(noise, kSomeTimestep, branch); }, kBudgetSeconds);
    context.report.add(record);
  }
  const GuidedModel model(tower, ranks.cfg, text, {}, shape, kGuidance);
  Stepper step(model, noise);
  record = step_record(record, ranks);
  reset_peak_memory(ranks.device);
  record.ms = context.timer.measure([&] { step(); }, kBudgetSeconds);
  record.peak_memory = context.timer.largest_memory();
  record.more["host_ms"] = rounded(context.timer.host_ms([&] { step(); }));
  context.report.add(record);

  const BrokenDown subject{"step", "step", [&] { step(); }};
  report_phases(
      subject,
      step_costs(work, shape, context.settings.products, ceilings, static_cast<double>(c10::elementSize(ranks.dtype))),
      context);
  report_kernels(subject, context);
}

}  // namespace orrery
