#include "golden_job.h"

#include "io/checkpoint/safetensors_files.h"
#include "support/shared_windows.h"
#include "support/test_device.h"

namespace orrery {

std::vector<std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

Streams<Condition> conditions_of(const Golden& golden) {
  Streams<Condition> conditions;
  if (golden.has("cond_latent")) {
    const auto steps = golden.request().value("condition_frames", std::vector<std::int64_t>{0});
    const at::Tensor latents = golden["cond_latent"].squeeze(0);  // of these steps alone, or of the whole video
    const bool alone = latents.size(1) == std::ssize(steps);
    conditions[Stream::Video] = {steps, alone ? latents : latents.index_select(1, at::tensor(steps, at::kLong))};
  } else if (golden.has("image_latent")) {
    conditions[Stream::Video] = {{0}, golden["image_latent"].squeeze(0)};
  }
  return conditions;
}

MediaShape shape_of(const Golden& golden) {
  MediaShape shape;
  shape.streams[Stream::Video].extents = golden["noise_video"].squeeze(0).sizes().vec();
  if (golden.has("noise_sound")) shape.streams[Stream::Sound].extents = golden["noise_sound"].sizes().vec();
  shape.fps = golden.request().at("fps");
  for (const auto& [stream, given] : conditions_of(golden)) shape.streams[stream].given = given.steps;
  return shape;
}

Request request_of(const Golden& golden) {
  Request request;
  const Json& asked = golden.request();
  request.guidance_scale = asked.value("guidance", 1.0);
  request.seed = asked.at("seed");
  request.normalize_cfg = asked.value("normalize_cfg", false);
  if (asked.contains("guidance_interval")) {
    const Json& interval = asked["guidance_interval"];
    request.guidance_interval = {interval[0].get<double>(), interval[1].get<double>()};
  }
  if (asked.contains("cache")) {
    request.step_cache = {asked["cache"].at("diffusion_cache_thresh"), 0, asked["cache"].at("residual_order")};
  }
  return request;
}

namespace {

// Empty where the reference has one branch alone.
std::vector<std::int64_t> negative_ids(const Golden& golden) {
  return golden.has("neg_text_ids") ? ids_of(golden["neg_text_ids"]) : std::vector<std::int64_t>{};
}

}  // namespace

namespace {

RankGroups groups_of(const ProcessGrid& grid, Exchange exchange) {
  RankGroups groups(grid, test_device());
  if (exchange == Exchange::Windows) groups.sp = with_windows(std::move(groups.sp), grid.sp());
  return groups;
}

}  // namespace

GoldenJob::GoldenJob(const Comm& world, const std::string& set, GridShape shape, at::ScalarType dtype, RowFormat format,
                     Exchange exchange)
    : grid_(world, shape),
      groups_(groups_of(grid_, exchange)),
      folder_(golden_checkpoint(set) / "transformer"),
      model_(Weights(std::make_shared<ShardedCheckpoint>(folder_), grid_.tp().shard(), test_device(), dtype),
             read_cosmos3_config(folder_ / "config.json"), groups_, format, Attention().in(format)) {}

DenoiseState GoldenJob::start_of(const Golden& golden) const {
  DenoiseState start;
  start.seed = golden.request().at("seed");
  start.latents = noise_for(golden.request().at("seed"), shape_of(golden), test_device());
  return start;
}

DenoiseState GoldenJob::run(const Golden& golden, ScheduleKind kind, DenoiseState start,
                            const Streams<Condition>& conditions, const StepObserver& observer) const {
  return run(golden, request_of(golden), schedule_of(golden, kind), std::move(start), conditions, observer);
}

DenoiseState GoldenJob::run(const Golden& golden, const Request& request, const Schedule& schedule, DenoiseState start,
                            const Streams<Condition>& conditions, const StepObserver& observer) const {
  const GuidedModel guided(model_.media_tower(), *groups_.cfg, std::cref(model_.text_tower()),
                           {ids_of(golden["text_ids"]), negative_ids(golden)}, shape_of(golden), request.guidance());
  return denoise(guided, {request.step_cache, {}}, schedule, std::move(start), conditions, observer);
}

Schedule schedule_of(const Golden& golden, ScheduleKind kind) {
  if (golden.request().value("mode", "") == "distilled") {
    const at::Tensor sigmas = golden["sigmas"];
    const std::int64_t steps = sigmas.numel() - 1;
    return make_schedule(ScheduleRule({sigmas.const_data_ptr<float>(), sigmas.const_data_ptr<float>() + steps}), steps,
                         1);
  }
  return make_schedule(kind, golden.request().at("steps"), golden.request().value("flow_shift", 10.0));
}

std::vector<GridShape> grids(int ranks, int largest_tp) {
  std::vector<GridShape> shapes;
  for (const int cfg : {1, 2}) {
    if (ranks % cfg == 0 && ranks / cfg <= largest_tp) shapes.push_back({cfg, ranks / cfg});
  }
  return shapes;
}

// {cfg, tp, sp}
std::vector<GridShape> sequence_grids(int ranks) {
  if (ranks == 2) return {{1, 1, 2}};
  if (ranks == 4) return {{1, 1, 4}, {2, 1, 2}, {1, 2, 2}};
  return {{1, 1, 8}, {2, 2, 2}};
}

std::string name_of(GridShape shape) { return "cfg" + std::to_string(shape.cfg) + "_tp" + std::to_string(shape.tp); }

}  // namespace orrery
