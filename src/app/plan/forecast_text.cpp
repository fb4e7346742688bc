#include "app/plan/forecast_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/core/choice.h"
#include "base/core/numbers.h"
#include "base/core/text_table.h"

namespace orrery {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string giga(double value, int digits = 1) { return fixed(value / 1e9, digits); }

std::string size_text(const Request& r) { return std::to_string(r.width) + "x" + std::to_string(r.height); }

std::string clips_text(std::int64_t clips) { return std::to_string(clips) + (clips == 1 ? " clip" : " clips"); }

std::string grid_text(const TopologyForecast& topology) {
  std::string text;
  for (const GridAxis& axis : topology.grid.axes()) {
    text.append(text.empty() ? "--" : " --").append(axis.name).append(" ").append(std::to_string(axis.size));
  }
  return text;
}

bool leaves_out(const ClipKind& kind) { return kind.work.full_steps != static_cast<double>(kind.work.steps); }

// "35", or "18 of 35" of those that compute fewer, by estimate.
std::string work_text(const ClipKind& kind) {
  const std::string steps = std::to_string(kind.request.steps);
  return leaves_out(kind) ? number_text(kind.work.full_steps) + " of " + steps : steps;
}

std::string kinds_table(const Forecast& forecast) {
  TextTable table({"clips", "size", "frames", "steps", "tokens", "text", "PFLOP a step", "PFLOP a clip"}, 0);
  for (const ClipKind& kind : forecast.kinds) {
    const Request& r = kind.request;
    table.add({std::to_string(kind.clips), size_text(r), std::to_string(r.num_frames), work_text(kind),
               std::to_string(kind.work.tokens), std::to_string(kind.work.text_tokens),
               fixed(kind.work.step.flops() / 1e15, 3), fixed(kind.work.flops() / 1e15, 1)});
  }
  return table.text();
}

// Of the kind whose step takes longest.
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
  TextTable table({"cfg", "tp", "GPUs", "text tower", "GB a GPU", "fits", "GB sent a step", "s a step", "s a clip",
                   "clips a GPU hour", "GPU hours"},
                  0);
  for (const TopologyForecast& t : forecast.topologies) {
    table.add({std::to_string(t.grid.cfg), std::to_string(t.grid.tp), std::to_string(t.gpus()),
               t.released ? "released" : "kept", giga(static_cast<double>(t.memory.peak(t.released))),
               t.fits ? "yes" : "no", giga(most_sent(t), 2), fixed(longest_step(t), 2), fixed(t.seconds_per_clip(), 1),
               fixed(t.clips_per_gpu_hour(), 1), fixed(t.gpu_hours(), 2)});
  }
  return table.text();
}

// "the manifest takes 3 h 20 min on 8 GPUs", as many clips at a time as there are groups of GPUs.
std::string manifest_text(const Forecast& forecast, const TopologyForecast& topology) {
  const std::int64_t groups = std::min<std::int64_t>(forecast.gpus / topology.gpus(), topology.clips);
  const double rounds = std::ceil(static_cast<double>(topology.clips) / static_cast<double>(groups));
  return clips_text(topology.clips) + " in " + duration_text(rounds * topology.seconds_per_clip()) + " on " +
         std::to_string(forecast.gpus) + (forecast.gpus == 1 ? " GPU" : " GPUs") +
         (groups > 1 ? ", as " + std::to_string(groups) + " shards" : "");
}

std::string best_text(const Forecast& forecast) {
  const TopologyForecast* most = forecast.most_clips();
  const TopologyForecast* shortest = forecast.shortest();
  if (most == nullptr) {
    return "Nothing of this fits: use more ranks (--tp), --text-tower release, --gemm fp8, smaller or shorter clips, "
           "or "
           "GPUs with more memory.\n";
  }
  std::string text = "most clips a GPU hour   " + grid_text(*most) + ": " + fixed(most->clips_per_gpu_hour(), 1) +
                     ", " + manifest_text(forecast, *most) + "\n";
  return text.append("shortest time a clip    ")
      .append(grid_text(*shortest))
      .append(": ")
      .append(duration_text(shortest->seconds_per_clip()))
      .append(", ")
      .append(manifest_text(forecast, *shortest))
      .append("\n");
}

std::string remarks(const Forecast& forecast) {
  std::string text;
  for (const std::string& what : forecast.borrowed) {
    text.append("Not in ")
        .append(forecast.rates_from)
        .append(": ")
        .append(what)
        .append("; built-in figures instead.\n");
  }
  for (const TopologyForecast& t : forecast.topologies) {
    if (t.idle_gpu_hours == 0) continue;
    text.append("Outside of guidance intervals the second group of --cfg 2 is idle: ")
        .append(fixed(t.idle_gpu_hours, 2))
        .append(" GPU hours with ")
        .append(grid_text(t))
        .append(".\n");
    break;
  }
  if (std::any_of(forecast.kinds.begin(), forecast.kinds.end(), leaves_out)) {
    text +=
        "Steps: those whose work is done, by estimate, and all of them; results.jsonl tells what a clip computed.\n";
  }
  return text +
         "GB a GPU: what tensors hold at most, on rank 0. Not in the times: loading, and a video's encoding where it "
         "takes\nlonger than the next clip's steps. Sums over ranks go at the speed of links within a node.\n";
}

Json work_json(const ClipWork& work) {
  return {{"tokens", work.tokens},
          {"text_tokens", work.text_tokens},
          {"steps", work.steps},
          {"full_steps", work.full_steps},
          {"step",
           {{"attention_flops", work.step.attention_flops},
            {"product_flops", work.step.product_flops},
            {"other_flops", work.step.other_flops},
            {"memory_bytes", work.step.memory_bytes},
            {"sum_bytes", work.step.sum_bytes},
            {"gather_bytes", work.step.gather_bytes}}},
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

Json topology_json(const TopologyForecast& t) {
  Json kinds = Json::array();
  for (std::size_t i = 0; i < t.work.size(); ++i) {
    kinds.push_back({{"rank_work", work_json(t.work[i])}, {"seconds", seconds_json(t.seconds[i])}});
  }
  return {{"cfg", t.grid.cfg},
          {"tp", t.grid.tp},
          {"gpus", t.gpus()},
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
          {"idle_gpu_hours", t.idle_gpu_hours}};
}

Json grid_json(const TopologyForecast* topology) {
  if (topology == nullptr) return nullptr;
  return {{"cfg", topology->grid.cfg}, {"tp", topology->grid.tp}};
}

}  // namespace

std::string page_of(const Forecast& forecast) {
  std::string text = forecast.checkpoint + " on " + forecast.machine.device + ", " +
                     giga(static_cast<double>(forecast.gpu_memory), 0) + " GB each, --gemm " +
                     std::string(choice_name(forecast.products)) + ", attention by " +
                     name_of(forecast.machine.attention) + "; rates: " + forecast.rates_from + "\n\n";
  return text.append(kinds_table(forecast))
      .append("\n")
      .append(topologies_table(forecast))
      .append("\n")
      .append(best_text(forecast))
      .append("\n")
      .append(remarks(forecast));
}

Json to_json(const Forecast& forecast) {
  Json json{{"checkpoint", forecast.checkpoint},
            {"gpu", {{"name", forecast.machine.device}, {"memory", forecast.gpu_memory}, {"count", forecast.gpus}}},
            {"gemm", std::string(choice_name(forecast.products))},
            {"attention", name_of(forecast.machine.attention)},
            {"rates", {{"from", forecast.rates_from}, {"borrowed", forecast.borrowed}}},
            {"kinds", Json::array()},
            {"topologies", Json::array()},
            {"best", {{"most_clips", grid_json(forecast.most_clips())}, {"shortest", grid_json(forecast.shortest())}}}};
  for (const ClipKind& kind : forecast.kinds) json["kinds"].push_back(kind_json(kind));
  for (const TopologyForecast& topology : forecast.topologies) json["topologies"].push_back(topology_json(topology));
  return json;
}

}  // namespace orrery
