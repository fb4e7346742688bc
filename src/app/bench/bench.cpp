#include "app/bench/bench.h"

#include "app/bench/ceilings.h"
#include "app/bench/clip.h"
#include "app/bench/parts.h"
#include "app/bench/timer.h"
#include "app/bench/vae_bench.h"
#include "base/device/device_memory.h"

namespace orrery {
namespace {

// One run over the parts, each with the device's memory to itself.
class Bench {
 public:
  Bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report)
      : model_(model),
        settings_(settings),
        ranks_(ranks),
        report_(report),
        timer_(ranks.world, ranks.device, settings.repeats),
        context_{settings, ranks, timer_, report},
        shape_(bench_shape(model, settings)),
        work_(layer_work(model.transformer_config, bench_tokens(shape_), kBenchTextTokens, ranks.tp.shard().size)) {}

  void run(const Log& log) {
    if (wants(BenchPart::Step) || wants(BenchPart::Ceilings)) layer_ceilings();
    if (wants(BenchPart::Load)) {
      plain_gbps_ = bench_plain_read(model_, context_);
      bench_text_tower_load(model_, context_, plain_gbps_);
    }
    if (wants(BenchPart::Step) || wants(BenchPart::Load)) transformer();
    if (wants(BenchPart::Vae) || wants(BenchPart::Ceilings)) vae_ceilings();
    if (wants(BenchPart::Vae)) bench_vae(model_, shape_, conv_ceilings_, context_);
    release_unused_memory(ranks_.device);
    if (wants(BenchPart::Sound)) sound(log);
    if (wants(BenchPart::Collectives)) bench_collectives(work_, shape_, context_);
  }

 private:
  bool wants(BenchPart part) const { return settings_.wants(part); }
  // For what others are compared with: it is measured anyway, and told when it was asked for.
  Report* if_wanted(BenchPart part) { return wants(part) ? &report_ : nullptr; }

  void layer_ceilings() {
    ceilings_ = measure_layer_ceilings(work_, ranks_, timer_, settings_.products, if_wanted(BenchPart::Ceilings));
    release_unused_memory(ranks_.device);
  }

  void transformer() {
    {
      const GenTower tower = load_media_tower(model_, context_, plain_gbps_, if_wanted(BenchPart::Load));
      if (wants(BenchPart::Step)) {
        bench_step(tower, model_.transformer_config, shape_, work_, ceilings_, context_);
      }
    }
    release_unused_memory(ranks_.device);
  }

  void vae_ceilings() {
    const CellCount part = bench_part(shape_, context_);
    conv_ceilings_ = measure_conv_ceilings(model_.vae_config, part.height, part.width, ranks_, timer_,
                                           if_wanted(BenchPart::Ceilings));
    release_unused_memory(ranks_.device);
  }

  void sound(const Log& log) {
    if (model_.sound == nullptr) {
      log.info("no sound: " + model_.name + " has no sound decoder");
    } else {
      bench_sound(model_, context_);
    }
  }

  const BenchModel& model_;
  const BenchSettings& settings_;
  const BenchRanks& ranks_;
  Report& report_;
  Timer timer_;
  BenchContext context_;
  MediaShape shape_;
  LayerWork work_;
  double plain_gbps_ = 0;
  LayerCeilings ceilings_;
  ConvCeilings conv_ceilings_;
};

}  // namespace

void run_bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report,
               const Log& log) {
  Bench(model, settings, ranks, report).run(log);
}

}  // namespace orrery
