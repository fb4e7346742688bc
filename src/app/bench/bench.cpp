#include "app/bench/bench.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "app/bench/parts.h"
#include "app/bench/settings.h"
#include "base/core/pulse.h"
#include "base/core/stopwatch.h"
#include "base/device/device_memory.h"
#include "pipeline/clip_needs.h"

namespace orrery {
namespace {

constexpr double kLongMs = 1000;  // work that takes longer is warm after one run
constexpr double kSampleMs = 5;   // shorter samples would measure the launch
constexpr int kMostInSample = 100;

// Measures all parts that the settings ask for, one after another, and releases the device's memory between them.
class Bench {
 public:
  Bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report)
      : model_(model),
        settings_(settings),
        ranks_(ranks),
        report_(report),
        timer_(ranks.world, ranks.device, settings.repeats),
        context_{settings, ranks, timer_, report},
        shape_(media_shape(settings.clip, model.transformer_config)),
        work_(layer_work(model.transformer_config, shape_.tokens(), kBenchTextTokens, ranks.grid)) {}

  void run(const Log& log) {
    if (wants(BenchPart::Step) || wants(BenchPart::Ceilings)) layer_ceilings();
    if (wants(BenchPart::Load)) {
      plain_gbps_ = bench_plain_read(model_, context_);
      bench_text_tower_load(model_, context_, plain_gbps_);
    }
    if (wants(BenchPart::Step) || wants(BenchPart::Load) || wants(BenchPart::Shares)) transformer();
    if (wants(BenchPart::Formats)) formats();
    if (wants(BenchPart::Vae) || wants(BenchPart::Ceilings)) vae_ceilings();
    if (wants(BenchPart::Vae)) bench_vae(model_, shape_, conv_ceilings_, context_);
    release_unused_memory(ranks_.device);
    if (wants(BenchPart::Sound)) sound(log);
    if (wants(BenchPart::Collectives)) bench_collectives(work_, shape_, context_);
  }

 private:
  bool wants(BenchPart part) const { return settings_.wants(part); }
  // Ceilings and loads that other parts need are always measured, but reported only when the settings ask for them.
  Report* if_wanted(BenchPart part) { return wants(part) ? &report_ : nullptr; }

  void layer_ceilings() {
    ceilings_ =
        measure_layer_ceilings(work_, ranks_, timer_, settings_.products.format, if_wanted(BenchPart::Ceilings));
    release_unused_memory(ranks_.device);
  }

  void transformer() {
    {
      GenTower tower = load_media_tower(model_, context_, plain_gbps_, if_wanted(BenchPart::Load));
      if (wants(BenchPart::Step)) {
        bench_step(tower, model_, shape_, work_, ceilings_, context_);
      }
      if (wants(BenchPart::Shares)) bench_shares(tower, model_.transformer_config, shape_, context_);
    }
    release_unused_memory(ranks_.device);
  }

  void formats() {
    bench_formats(work_, context_);
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

double Timer::once(const std::function<void()>& work, int count) const {
  clock_.wait();
  world_->barrier();
  const DeviceClock::Mark begin = clock_.mark();
  for (int i = 0; i < count; ++i) {
    work();
    beat();
  }
  const DeviceClock::Mark end = clock_.mark();
  clock_.wait();
  return largest(begin.ms_until(end));
}

double Timer::host_ms(const std::function<void()>& work) const {
  clock_.wait();
  world_->barrier();
  const Stopwatch watch;
  work();
  const double ms = 1000 * watch.seconds();
  clock_.wait();
  return largest(ms);
}

std::optional<std::int64_t> Timer::largest_memory() const {
  const std::optional<std::int64_t> bytes = peak_memory(clock_.device());
  if (!bytes) return std::nullopt;
  return static_cast<std::int64_t>(largest(static_cast<double>(*bytes)));
}

Spread Timer::measure(const std::function<void()>& work, double budget_seconds) const {
  double estimate = once(work);
  if (estimate < kLongMs) estimate = once(work);
  estimate = std::max(estimate, 1e-3);
  const int inner = std::clamp(static_cast<int>(std::ceil(kSampleMs / estimate)), 1, kMostInSample);
  const int affordable = static_cast<int>(std::min(budget_seconds * 1000 / (estimate * inner), 20.0));
  const int runs = repeats_ > 0 ? repeats_ : std::clamp(affordable, 3, 20);
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(once(work, inner) / inner);
  return spread_of(std::move(times));
}

void run_bench(const BenchModel& model, const BenchSettings& settings, const BenchRanks& ranks, Report& report,
               const Log& log) {
  Bench(model, settings, ranks, report).run(log);
}

}  // namespace orrery
