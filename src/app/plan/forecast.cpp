#include "app/plan/forecast.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <tuple>

#include "app/plan/machine_profile.h"
#include "base/core/error.h"
#include "models/zoo/media_models.h"
#include "models/zoo/model_options.h"
#include "pipeline/chunks.h"

namespace orrery {
namespace {

// The settings that decide which steps are left out; equal for all requests that compute every step.
auto left_out_of(const Request& r) {
  const GuidanceInterval interval = r.guidance_interval.value_or(GuidanceInterval{});
  if (!r.step_cache.on() && !r.guidance_interval) return std::tuple(0.0, std::int64_t{0}, 0.0, 0.0, 0.0);
  return std::tuple(r.step_cache.threshold, r.step_cache.skips, interval.low, interval.high, r.flow_shift);
}

auto size_of(const Request& r) {
  return std::tuple(r.extents(), r.steps, r.branches(), r.encodes_parent, is_chunk(r), left_out_of(r));
}

void keep_longer(TokenIds& longest, const TokenIds& ids) {
  if (ids.size() > longest.size()) longest = ids;
}

bool any(const std::vector<ClipKind>& kinds, bool (*has)(const Request&)) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const ClipKind& kind) { return has(kind.request); });
}

// The tokens of the smallest clip, which limit sp.
std::int64_t fewest_tokens(const std::vector<ClipKind>& kinds) {
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (const ClipKind& kind : kinds) fewest = std::min(fewest, kind.work.tokens);
  return fewest;
}

// All grids with up to `gpus` ranks for clips of at least `tokens` tokens; gpus 0: only the run's own grid.
std::vector<GridShape> grids_of(const GridShape& own, int gpus, const Cosmos3Config& config, bool guided,
                                std::int64_t tokens) {
  if (gpus == 0) return {own};
  std::vector<GridShape> grids;
  for (int cfg = 1; cfg <= (guided ? 2 : 1); ++cfg) {
    for (int sp = 1; cfg * sp <= gpus && sp <= tokens; ++sp) {
      for (int tp = 1; cfg * sp * tp <= gpus; ++tp) {
        const GridShape grid{cfg, tp, sp};
        if (divides(config, grid)) grids.push_back(grid);
      }
    }
  }
  return grids;
}

ModelSizes sizes_of(const RunShape& run, const CheckpointFiles& checkpoint, const GridShape& grid) {
  const auto element_bytes = static_cast<std::int64_t>(at::elementSize(compute_dtype(run.model.dtype, at::kCUDA)));
  return {checkpoint.transformer_config, checkpoint.vae_config, checkpoint.sound_config,
          ModelLayout{grid, element_bytes, run.model.products, run.model.attention_format}, run.vae_split};
}

class Forecaster {
 public:
  Forecaster(const RunShape& run, const CheckpointFiles& checkpoint, const Forecast& forecast)
      : run_(run), checkpoint_(checkpoint), forecast_(forecast) {}

  ClipWork work(const GridShape& grid, const ClipKind& kind) const {
    return clip_work(sizes_of(run_, checkpoint_, grid), kind.request, kind.ids, run_.decodes,
                     schedule_of(run_.model.schedule, checkpoint_), forecast_.full_precision);
  }

  TopologyForecast operator()(const GridShape& grid) const {
    TopologyForecast topology;
    topology.grid = grid;
    topology.memory = rank_memory(run_, checkpoint_, forecast_.kinds, grid);
    for (const ClipKind& kind : forecast_.kinds) add(kind, topology);
    topology.released = topology.memory.releases(run_.model.text_tower, forecast_.gpu_memory);
    topology.fits = topology.memory.fits(topology.released, forecast_.gpu_memory);
    return topology;
  }

 private:
  void add(const ClipKind& kind, TopologyForecast& topology) const {
    topology.work.push_back(work(topology.grid, kind));
    const MachineProfile& machine = forecast_.machine;
    topology.seconds.push_back(
        clip_seconds(topology.work.back(), machine, machine.rates(run_.model.products, run_.model.attention_format)));
    topology.clips += kind.clips;
    topology.all_seconds += static_cast<double>(kind.clips) * topology.seconds.back().total();
    const ClipWork& work = topology.work.back();
    const double step = topology.seconds.back().denoise() / std::max(work.full_steps, 1.0);
    topology.idle_gpu_hours +=
        static_cast<double>(kind.clips * topology.grid.tp * topology.grid.sp) * work.idle_steps * step / 3600;
  }

  const RunShape& run_;
  const CheckpointFiles& checkpoint_;
  const Forecast& forecast_;
};

void set_machine(Forecast& forecast, const ModelOptions& model, const PlanOptions& options) {
  const bool by_cudnn = model.attention == AttentionWish::Cudnn;
  forecast.machine = builtin_profile(options.gpu, by_cudnn ? AttentionKernel::Cudnn : AttentionKernel::Fa3);
  forecast.rates_from = "built in";
  if (!options.profile.empty()) {
    MeasuredProfile measured = read_profile(options.profile, forecast.machine);
    forecast.machine = std::move(measured.machine);
    forecast.borrowed = std::move(measured.borrowed);
    forecast.rates_from = options.profile.string();
  }
  require_input(
      model.attention == AttentionWish::Auto || name_of(forecast.machine.attention) == choice_name(model.attention),
      forecast.rates_from + ": has no step with --attention-kernel " + std::string(choice_name(model.attention)) +
          ": add the lines of orrery bench --json with it");
  const StepRates rates = forecast.machine.rates(model.products, model.attention_format);
  require_input(!rates.products.empty(), forecast.rates_from + ": has no step with --gemm " +
                                             std::string(choice_name(model.products)) +
                                             ": add the lines of orrery bench --json with it");
  require_input(!rates.attention.empty(), forecast.rates_from + ": has no step with --attention " +
                                              std::string(choice_name(model.attention_format)) +
                                              ": add the lines of orrery bench --json with it");
  forecast.gpu_memory =
      options.gpu_memory > 0 ? static_cast<std::int64_t>(options.gpu_memory * 1e9) : builtin_memory(options.gpu);
}

template <class Cost>
const TopologyForecast* least(const std::vector<TopologyForecast>& topologies, Cost cost) {
  const TopologyForecast* best = nullptr;
  for (const TopologyForecast& each : topologies) {
    if (each.fits && (best == nullptr || cost(each) < cost(*best))) best = &each;
  }
  return best;
}

}  // namespace

ClipSeconds clip_seconds(const ClipWork& work, const MachineProfile& machine, const StepRates& rates) {
  const auto tokens = static_cast<double>(work.tokens);
  const auto rows = static_cast<double>(work.rows);
  ClipSeconds seconds;
  const auto add = [&](double steps, const StepWork& step, const StepRates& at) {
    if (steps == 0) return;
    seconds.attention += steps * step.attention_flops / at.attention.at(tokens);
    seconds.products += steps * step.product_flops / at.products.at(rows);
    seconds.memory += steps * step.memory_bytes / at.memory.at(rows);
    seconds.exchange += steps * (step.sum_bytes * machine.waited_for + step.gather_bytes) / machine.link;
    seconds.exchange += steps * step.exchange_bytes / machine.exchange;
  };
  add(work.full_steps - work.plain_steps, work.step, rates);
  add(work.plain_steps, work.plain_step, machine.plain);
  // The text tower's products are not in 8 bits, and have few rows.
  seconds.text = work.text_flops / machine.plain.products.at(static_cast<double>(work.text_tokens));
  seconds.save = work.latent_bytes / machine.saved_bytes;
  seconds.decode = work.decoded_pixels / machine.decoded_pixels;
  if (work.sound_steps > 0) seconds.decode += static_cast<double>(work.sound_steps) / machine.sound_steps;
  return seconds;
}

std::vector<ClipKind> clip_kinds(const std::vector<ClipJob>& jobs) {
  std::vector<ClipKind> kinds;
  std::map<decltype(size_of(Request())), std::size_t> places;
  const auto add = [&](const ClipJob& job) {
    const auto [place, is_new] = places.try_emplace(size_of(job.request), kinds.size());
    if (is_new) kinds.push_back({job.request, {}, 0, {}});
    ClipKind& kind = kinds[place->second];
    keep_longer(kind.ids.cond, job.ids.cond);
    keep_longer(kind.ids.uncond, job.ids.uncond);
    if (!kind.request.needs_encoder() && job.request.needs_encoder()) kind.request = job.request;
    ++kind.clips;
  };
  for (const ClipJob& job : jobs) {
    for (const ClipJob& part : job.parts()) add(part);
  }
  return kinds;
}

RankMemory rank_memory(const RunShape& run, const CheckpointFiles& checkpoint, const std::vector<ClipKind>& kinds,
                       const GridShape& grid) {
  const at::ScalarType dtype = compute_dtype(run.model.dtype, at::kCUDA);
  MediaModelSet models;
  models.decoder = run.decodes;
  models.encoder = any(kinds, [](const Request& r) { return r.needs_encoder(); });
  models.sound = run.decodes && any(kinds, [](const Request& r) { return r.sound; });
  RankMemory memory;
  memory.towers = tower_bytes(checkpoint, grid.tp, dtype, run.model.product_settings());
  memory.models = media_model_bytes(checkpoint, dtype, models);
  const ModelSizes sizes = sizes_of(run, checkpoint, grid);
  const auto most = [&](const ClipMemory& clip) { return std::max(clip.step, run.decodes ? clip.media : 0); };
  for (const ClipKind& kind : kinds) {
    memory.working = std::max(memory.working, most(clip_tensors(sizes, kind.request, kind.ids)));
    memory.reserved = std::max(memory.reserved, most(clip_memory(sizes, kind.request, kind.ids)));
  }
  return memory;
}

const TopologyForecast* Forecast::most_clips() const {
  return least(topologies, [](const TopologyForecast& t) { return t.gpu_hours(); });
}

const TopologyForecast* Forecast::shortest() const {
  return least(topologies, [](const TopologyForecast& t) { return t.all_seconds; });
}

Forecast make_forecast(const RunShape& run, const PlanOptions& options, const CheckpointFiles& checkpoint,
                       const std::vector<ClipJob>& jobs) {
  Forecast forecast;
  forecast.checkpoint = checkpoint.name();
  forecast.products = run.model.products;
  forecast.full_precision = full_precision_steps(run.model, checkpoint);
  forecast.attention_format = run.model.attention_format;
  forecast.kinds = clip_kinds(jobs);
  forecast.has_chunks = std::any_of(jobs.begin(), jobs.end(), [](const ClipJob& job) { return !job.chunks.empty(); });
  set_machine(forecast, run.model, options);
  const Forecaster forecaster(run, checkpoint, forecast);
  for (ClipKind& kind : forecast.kinds) kind.work = forecaster.work({}, kind);
  const bool guided = any(forecast.kinds, [](const Request& r) { return r.guided(); });
  const std::int64_t tokens = fewest_tokens(forecast.kinds);
  for (const GridShape& grid : grids_of(run.grid, options.gpus, checkpoint.transformer_config, guided, tokens)) {
    require_divisible(checkpoint.transformer_config, grid);
    forecast.topologies.push_back(forecaster(grid));
  }
  forecast.gpus = options.gpus > 0 ? options.gpus : run.grid.ranks();
  return forecast;
}

}  // namespace orrery
