#include "app/forecast.h"

#include <algorithm>
#include <tuple>

#include "app/device_options.h"
#include "app/media_models.h"
#include "app/option_values.h"
#include "core/error.h"
#include "estimate/profile_file.h"

namespace orrery {
namespace {

auto size_of(const Request& r) {
  return std::tuple(r.width, r.height, r.num_frames, r.steps, r.guided(), r.sound_steps(), r.encodes_parent);
}

void keep_longer(TokenIds& longest, const TokenIds& ids) {
  if (ids.size() > longest.size()) longest = ids;
}

bool any(const std::vector<ClipKind>& kinds, bool (*has)(const Request&)) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const ClipKind& kind) { return has(kind.request); });
}

// All ways to use up to `gpus` GPUs for one clip; 0: the one that the options name.
std::vector<GridShape> grids_of(const Options& options, const Cosmos3Config& config, bool guided) {
  if (options.gpus == 0) return {options.grid};
  std::vector<GridShape> grids;
  for (int cfg = 1; cfg <= (guided ? 2 : 1); ++cfg) {
    for (int tp = 1; tp <= config.num_key_value_heads && cfg * tp <= options.gpus; ++tp) {
      if (divides(config, tp)) grids.push_back({cfg, tp});
    }
  }
  return grids;
}

class Forecaster {
 public:
  Forecaster(const Options& options, const CheckpointFiles& checkpoint, const Forecast& forecast)
      : options_(options),
        checkpoint_(checkpoint),
        forecast_(forecast),
        dtype_(compute_dtype(options.dtype, at::kCUDA)),
        decodes_(media_settings_of(options).wanted()) {
    MediaModelSet models;
    models.decoder = decodes_;
    models.encoder = any(forecast.kinds, [](const Request& r) { return !r.image.empty(); });
    models.sound = decodes_ && any(forecast.kinds, [](const Request& r) { return r.sound; });
    models_ = media_model_bytes(checkpoint, dtype_, models);
  }

  ClipWork work(const GridShape& grid, const ClipKind& kind) const {
    return clip_work(sizes(grid), options_.products, kind.request, kind.ids, decodes_);
  }

  TopologyForecast operator()(const GridShape& grid) const {
    TopologyForecast topology;
    topology.grid = grid;
    topology.memory.towers = tower_bytes(checkpoint_, grid.tp, dtype_, options_.products);
    topology.memory.models = models_;
    for (const ClipKind& kind : forecast_.kinds) add(kind, topology);
    topology.released = topology.memory.releases(options_.text_tower, forecast_.gpu_memory);
    topology.fits = topology.memory.fits(topology.released, forecast_.gpu_memory);
    return topology;
  }

 private:
  ModelSizes sizes(const GridShape& grid) const {
    const ModelLayout layout{grid.cfg, grid.tp, static_cast<std::int64_t>(at::elementSize(dtype_))};
    return {checkpoint_.transformer_config, checkpoint_.vae_config, checkpoint_.sound_config, layout,
            options_.vae_split};
  }

  void add(const ClipKind& kind, TopologyForecast& topology) const {
    const ModelSizes model = sizes(topology.grid);
    const auto most = [&](const ClipMemory& memory) { return std::max(memory.step, decodes_ ? memory.media : 0); };
    RankMemory& memory = topology.memory;
    memory.working = std::max(memory.working, most(clip_tensors(model, kind.request, kind.ids)));
    memory.reserved = std::max(memory.reserved, most(clip_memory(model, kind.request, kind.ids)));
    topology.work.push_back(work(topology.grid, kind));
    const MachineProfile& machine = forecast_.machine;
    topology.seconds.push_back(clip_seconds(topology.work.back(), machine, machine.rates(options_.products)));
    topology.clips += kind.clips;
    topology.all_seconds += static_cast<double>(kind.clips) * topology.seconds.back().total();
  }

  const Options& options_;
  const CheckpointFiles& checkpoint_;
  const Forecast& forecast_;
  at::ScalarType dtype_;
  bool decodes_;
  std::int64_t models_ = 0;
};

void set_machine(Forecast& forecast, const Options& options) {
  const bool by_cudnn = options.attention == AttentionWish::Cudnn;
  forecast.machine = builtin_profile(options.gpu, by_cudnn ? AttentionKernel::Cudnn : AttentionKernel::Fa3);
  forecast.rates_from = "built in";
  if (!options.profile.empty()) {
    MeasuredProfile measured = read_profile(options.profile, forecast.machine);
    forecast.machine = std::move(measured.machine);
    forecast.borrowed = std::move(measured.borrowed);
    forecast.rates_from = options.profile.string();
  }
  require_input(
      options.attention == AttentionWish::Auto || name_of(forecast.machine.attention) == write_value(options.attention),
      forecast.rates_from + ": has no step with --attention-kernel " + *write_value(options.attention) +
          ": add the lines of orrery bench --json with it");
  require_input(!forecast.machine.rates(options.products).attention.empty(),
                forecast.rates_from + ": has no step with --gemm " + *write_value(options.products) +
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

std::vector<ClipKind> clip_kinds(const std::vector<ClipJob>& jobs) {
  std::vector<ClipKind> kinds;
  for (const ClipJob& job : jobs) {
    auto kind = std::find_if(kinds.begin(), kinds.end(),
                             [&](const ClipKind& k) { return size_of(k.request) == size_of(job.request); });
    if (kind == kinds.end()) kind = kinds.insert(kind, {job.request, {}, 0, {}});
    keep_longer(kind->ids.cond, job.ids.cond);
    keep_longer(kind->ids.uncond, job.ids.uncond);
    if (kind->request.image.empty()) kind->request.image = job.request.image;
    ++kind->clips;
  }
  return kinds;
}

const TopologyForecast* Forecast::most_clips() const {
  return least(topologies, [](const TopologyForecast& t) { return t.gpu_hours(); });
}

const TopologyForecast* Forecast::shortest() const {
  return least(topologies, [](const TopologyForecast& t) { return t.all_seconds; });
}

Forecast make_forecast(const Options& options, const CheckpointFiles& checkpoint, const std::vector<ClipJob>& jobs) {
  Forecast forecast;
  forecast.checkpoint = checkpoint.name();
  forecast.products = options.products;
  forecast.kinds = clip_kinds(jobs);
  set_machine(forecast, options);
  const Forecaster forecaster(options, checkpoint, forecast);
  for (ClipKind& kind : forecast.kinds) kind.work = forecaster.work({}, kind);
  const bool guided = any(forecast.kinds, [](const Request& r) { return r.guided(); });
  for (const GridShape& grid : grids_of(options, checkpoint.transformer_config, guided)) {
    require_divisible(checkpoint.transformer_config, grid.tp);
    forecast.topologies.push_back(forecaster(grid));
  }
  forecast.gpus = options.gpus > 0 ? options.gpus : options.grid.cfg * options.grid.tp;
  return forecast;
}

}  // namespace orrery
