#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "app/plan/forecast.h"
#include "base/core/choice.h"
#include "base/core/numbers.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

// "--cfg 2 --tp 4"
std::string grid_text(const GridShape& grid) {
  std::string text;
  for (const GridAxis& axis : grid.axes()) {
    text += fmt::format("{}--{} {}", text.empty() ? "" : " ", axis.name, axis.size);
  }
  return text;
}

bool leaves_out(const ClipKind& kind) { return kind.work.full_steps != static_cast<double>(kind.work.steps); }

// "35", or the estimated "18 of 35" when steps are left out.
std::string work_text(const ClipKind& kind) {
  const std::string steps = fmt::to_string(kind.request.steps);
  return leaves_out(kind) ? fmt::format("{} of {}", number_text(kind.work.full_steps), steps) : steps;
}

std::string kinds_table(const Forecast& forecast) {
  TextTable table({"clips", "size", "frames", "steps", "tokens", "text", "PFLOP per step", "PFLOP per clip"}, 0);
  for (const ClipKind& kind : forecast.kinds) {
    const Request& r = kind.request;
    table.add({fmt::to_string(kind.clips), fmt::format("{}x{}", r.width, r.height), fmt::to_string(r.num_frames),
               work_text(kind), fmt::to_string(kind.work.tokens), fmt::to_string(kind.work.text_tokens),
               fmt::format("{:.3f}", kind.work.step.flops() / 1e15), fmt::format("{:.1f}", kind.work.flops() / 1e15)});
  }
  return table.text();
}

// The time of a step, for the kind whose steps take longest [s].
double longest_step(const TopologyForecast& topology) {
  double longest = 0;
  for (std::size_t i = 0; i < topology.seconds.size(); ++i) {
    longest = std::max(longest, topology.seconds[i].denoise() / std::max(topology.work[i].full_steps, 1.0));
  }
  return longest;
}

double most_sent(const TopologyForecast& topology) {
  double most = 0;
  for (const ClipWork& work : topology.work) most = std::max(most, work.step.sent_bytes());
  return most;
}

std::string topologies_table(const Forecast& forecast) {
  std::vector<std::string> titles;
  for (const GridAxis& axis : GridShape().axes()) titles.emplace_back(axis.name);
  for (const char* title : {"GPUs", "text tower", "GB per GPU", "fits", "GB sent per step", "s per step", "s per clip",
                            "clips per GPU hour", "GPU hours"}) {
    titles.emplace_back(title);
  }
  TextTable table(std::move(titles), 0);
  for (const TopologyForecast& t : forecast.topologies) {
    std::vector<std::string> cells;
    for (const GridAxis& axis : t.grid.axes()) cells.push_back(fmt::to_string(axis.size));
    cells.push_back(fmt::to_string(t.gpus()));
    cells.emplace_back(t.released ? "released" : "kept");
    cells.push_back(fmt::format("{:.1f}", static_cast<double>(t.memory.peak(t.released)) / 1e9));
    cells.emplace_back(t.fits ? "yes" : "no");
    cells.push_back(fmt::format("{:.2f}", most_sent(t) / 1e9));
    cells.push_back(fmt::format("{:.2f}", longest_step(t)));
    cells.push_back(fmt::format("{:.1f}", t.seconds_per_clip()));
    cells.push_back(fmt::format("{:.1f}", t.clips_per_gpu_hour()));
    cells.push_back(fmt::format("{:.2f}", t.gpu_hours()));
    table.add(std::move(cells));
  }
  return table.text();
}

// "120 clips in 3 h 20 min on 8 GPUs, as 2 shards": one shard for each group of GPUs that makes clips together.
std::string manifest_text(const Forecast& forecast, const TopologyForecast& topology) {
  const std::int64_t groups = std::min<std::int64_t>(forecast.gpus / topology.gpus(), topology.clips);
  const double rounds = std::ceil(static_cast<double>(topology.clips) / static_cast<double>(groups));
  return fmt::format("{} in {} on {}{}", count_text(topology.clips, "clip"),
                     duration_text(rounds * topology.seconds_per_clip()), count_text(forecast.gpus, "GPU"),
                     groups > 1 ? fmt::format(", as {} shards", groups) : "");
}

std::string best_text(const Forecast& forecast) {
  const TopologyForecast* most = forecast.most_clips();
  const TopologyForecast* shortest = forecast.shortest();
  if (most == nullptr) {
    return "None of these grids fits: use more ranks (--tp, --sp), --text-tower release, --gemm fp8, "
           "smaller or shorter clips, or GPUs with more memory.\n";
  }
  return fmt::format(
      "most clips per GPU hour   {}: {:.1f}, {}\n"
      "shortest time per clip    {}: {}, {}\n",
      grid_text(most->grid), most->clips_per_gpu_hour(), manifest_text(forecast, *most), grid_text(shortest->grid),
      duration_text(shortest->seconds_per_clip()), manifest_text(forecast, *shortest));
}

std::string remarks(const Forecast& forecast) {
  std::string text;
  for (const std::string& what : forecast.borrowed) {
    text += fmt::format("Not in {}: {}; the built-in rates are used.\n", forecast.rates_from, what);
  }
  for (const TopologyForecast& t : forecast.topologies) {
    if (t.idle_gpu_hours == 0) continue;
    text += fmt::format("Outside guidance intervals, the second group of --cfg 2 is idle: {:.2f} GPU hours with {}.\n",
                        t.idle_gpu_hours, grid_text(t.grid));
    break;
  }
  if (std::any_of(forecast.kinds.begin(), forecast.kinds.end(), leaves_out)) {
    text += "Steps: an estimate of the computed steps, of all steps; results.jsonl lists those that a clip computed.\n";
  }
  if (forecast.has_chunks) text += "Each chunk of a long clip counts as a clip.\n";
  return text +
         "GB per GPU: the peak of tensors on rank 0. The times exclude loading, and the part of a video's encoding\n"
         "that takes longer than the next clip's steps. They assume the speed of links within a node between ranks.\n";
}

Json work_json(const ClipWork& work) {
  return {{"tokens", work.tokens},
          {"text_tokens", work.text_tokens},
          {"steps", work.steps},
          {"full_steps", work.full_steps},
          {"plain_steps", work.plain_steps},
          {"step",
           {{"attention_flops", work.step.attention_flops},
            {"product_flops", work.step.product_flops},
            {"other_flops", work.step.other_flops},
            {"memory_bytes", work.step.memory_bytes},
            {"sum_bytes", work.step.sum_bytes},
            {"gather_bytes", work.step.gather_bytes},
            {"exchange_bytes", work.step.exchange_bytes},
            {"collective_calls", work.step.calls}}},
          {"text_flops", work.text_flops},
          {"decode_flops", work.decode_flops},
          {"sound_flops", work.sound_flops},
          {"flops", work.flops()}};
}

Json seconds_json(const ClipSeconds& s) {
  return {{"text", s.text},     {"attention", s.attention}, {"products", s.products},
          {"memory", s.memory}, {"exchange", s.exchange},   {"denoise", s.denoise()},
          {"save", s.save},     {"decode", s.decode},       {"total", s.total()}};
}

Json kind_json(const ClipKind& kind) {
  const Request& r = kind.request;
  return {{"clips", kind.clips},  {"width", r.width}, {"height", r.height},          {"frames", r.num_frames},
          {"guided", r.guided()}, {"sound", r.sound}, {"work", work_json(kind.work)}};
}

Json grid_json(const GridShape& grid) {
  Json json;
  for (const GridAxis& axis : grid.axes()) json[axis.name] = axis.size;
  return json;
}

Json topology_json(const TopologyForecast& t) {
  Json kinds = Json::array();
  for (std::size_t i = 0; i < t.work.size(); ++i) {
    kinds.push_back({{"rank_work", work_json(t.work[i])}, {"seconds", seconds_json(t.seconds[i])}});
  }
  Json json = grid_json(t.grid);
  json.update({{"gpus", t.gpus()},
               {"text_tower", t.released ? "release" : "keep"},
               {"fits", t.fits},
               {"memory",
                {{"text_tower", t.memory.towers.text},
                 {"media_tower", t.memory.towers.media},
                 {"other_models", t.memory.models},
                 {"working", t.memory.working},
                 {"working_with_workspaces", t.memory.reserved},
                 {"peak", t.memory.peak(t.released)}}},
               {"kinds", kinds},
               {"seconds_per_clip", t.seconds_per_clip()},
               {"clips_per_gpu_hour", t.clips_per_gpu_hour()},
               {"gpu_hours", t.gpu_hours()},
               {"idle_gpu_hours", t.idle_gpu_hours}});
  return json;
}

// " except in the first 3 and the last 3 steps", or "".
std::string full_precision_text(const FullPrecisionSteps& steps) {
  if (steps == FullPrecisionSteps{}) return "";
  return fmt::format(" except in the first {} and the last {} steps", steps.first, steps.last);
}

Json grid_json(const TopologyForecast* topology) { return topology == nullptr ? Json() : grid_json(topology->grid); }

}  // namespace

std::string page_of(const Forecast& forecast) {
  const std::string head = fmt::format(
      "{} on {}, {:.0f} GB each, --gemm {}{}, attention by {}{}; rates: {}", forecast.checkpoint,
      forecast.machine.device, static_cast<double>(forecast.gpu_memory) / 1e9, choice_name(forecast.products),
      full_precision_text(forecast.full_precision), name_of(forecast.machine.attention),
      forecast.attention_format == RowFormat::Float8 ? " in 8 bits" : "", forecast.rates_from);
  return fmt::format("{}\n\n{}\n{}\n{}\n{}", head, kinds_table(forecast), topologies_table(forecast),
                     best_text(forecast), remarks(forecast));
}

Json to_json(const Forecast& forecast) {
  Json json{{"checkpoint", forecast.checkpoint},
            {"gpu", {{"name", forecast.machine.device}, {"memory", forecast.gpu_memory}, {"count", forecast.gpus}}},
            {"gemm", std::string(choice_name(forecast.products))},
            {"full_precision_steps", {forecast.full_precision.first, forecast.full_precision.last}},
            {"attention", name_of(forecast.machine.attention)},
            {"attention_format", std::string(choice_name(forecast.attention_format))},
            {"rates", {{"from", forecast.rates_from}, {"borrowed", forecast.borrowed}}},
            {"kinds", Json::array()},
            {"topologies", Json::array()},
            {"best", {{"most_clips", grid_json(forecast.most_clips())}, {"shortest", grid_json(forecast.shortest())}}}};
  for (const ClipKind& kind : forecast.kinds) json["kinds"].push_back(kind_json(kind));
  for (const TopologyForecast& topology : forecast.topologies) json["topologies"].push_back(topology_json(topology));
  return json;
}

}  // namespace orrery
