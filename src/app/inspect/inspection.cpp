#include "app/inspect/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "base/core/error.h"

namespace orrery {
namespace {

ValueStatistics statistics_of_values(std::span<const float> values) {
  ValueStatistics found;
  found.min = std::numeric_limits<double>::infinity();
  found.max = -found.min;
  double sum = 0;
  double squares = 0;
  std::int64_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) ++found.nan;
    if (std::isinf(value)) ++found.infinite;
    if (!std::isfinite(value)) continue;
    found.min = std::min(found.min, value);
    found.max = std::max(found.max, value);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count == 0) return {0, 0, 0, 0, found.nan, found.infinite};
  found.mean = sum / static_cast<double>(count);
  found.deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(count) - found.mean * found.mean));
  return found;
}

Json json_of(const std::vector<ValueStatistics>& channels) {
  Json list = Json::array();
  for (const ValueStatistics& s : channels) {
    list.push_back({{"min", s.min},
                    {"max", s.max},
                    {"mean", s.mean},
                    {"deviation", s.deviation},
                    {"nan", s.nan},
                    {"infinite", s.infinite}});
  }
  return list;
}

Json json_of(const std::vector<StoredDataset>& datasets) {
  Json list = Json::array();
  for (const StoredDataset& d : datasets) {
    list.push_back({{"path", d.path},
                    {"type", d.type},
                    {"shape", d.shape},
                    {"bytes", d.bytes},
                    {"stored_bytes", d.stored_bytes},
                    {"checksum", d.has_checksum ? "verified" : "none"}});
  }
  return list;
}

Json json_of(const SamplerHistory& history) {
  return {{"lower_order_steps", history.lower_order_steps}, {"last_order", history.last_order}};
}

// Timesteps as JSON; whole numbers as integers, as they are stored.
Json timesteps_json(const std::vector<double>& timesteps) {
  Json list = Json::array();
  for (const double timestep : timesteps) {
    const auto whole = static_cast<std::int64_t>(timestep);
    list.push_back(static_cast<double>(whole) == timestep ? Json(whole) : Json(timestep));
  }
  return list;
}

Json sampler_json(const LatentFile& file) {
  Json sampler;
  sampler["steps"] = file.timesteps.size();
  sampler["sigmas"] = file.sigmas;
  sampler["timesteps"] = timesteps_json(file.timesteps);
  if (file.running) {
    sampler["step"] = file.running->step;
    for (const auto& [stream, history] : file.running->histories) sampler[schema_of(stream).name] = json_of(history);
  }
  return sampler;
}

std::int64_t not_finite(const std::vector<ValueStatistics>& channels) {
  std::int64_t count = 0;
  for (const ValueStatistics& s : channels) count += s.nan + s.infinite;
  return count;
}

// Drops the values, since those of many files would not fit in memory.
void drop_values(LatentFile& file) {
  const auto drop = [](FloatArray& array) { array.values = {}; };
  const auto drop_history = [&](SamplerHistory& history) {
    for (FloatArray* array : {&history.last_sample, &history.model_output_0, &history.model_output_1}) drop(*array);
  };
  for (auto& [stream, latents] : file.latents) drop(latents);
  if (!file.running) return;
  for (auto& [stream, history] : file.running->histories) drop_history(history);
}

}  // namespace

std::vector<ValueStatistics> channel_statistics(const FloatArray& array) {
  require(array.shape.size() >= 2 && array.shape[0] == 1 && array.shape[1] > 0,
          "an array of shape " + shape_text(array.shape) + " has no channels, expected [1, C, …]");
  const auto channels = static_cast<std::size_t>(array.shape[1]);
  const std::size_t size = array.values.size() / channels;
  std::vector<ValueStatistics> all;
  for (std::size_t c = 0; c < channels; ++c) {
    all.push_back(statistics_of_values(std::span(array.values).subspan(c * size, size)));
  }
  return all;
}

ValueStatistics statistics_of(const FloatArray& array) { return statistics_of_values(array.values); }

Inspection inspect_file(const std::filesystem::path& path) {
  Inspection found;
  found.path = path;
  const bool is_list = !read_latent_header(path).chunks.empty();
  found.content = is_list ? read_chunk_list(path) : read_latents(path);
  found.datasets = list_datasets(path);
  found.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  found.latent_checksum = latents_checksum(found.content);
  if (is_list) return found;
  found.all_video = statistics_of(found.content.latents.at(Stream::Video));
  for (const auto& [stream, latents] : found.content.latents) {
    found.channels[stream] = channel_statistics(latents);
    found.not_finite += not_finite(found.channels[stream]);
  }
  drop_values(found.content);
  return found;
}

std::string state_text(const Inspection& inspection) {
  const LatentFile& file = inspection.content;
  if (!file.running) return "complete";
  return fmt::format("running, step {} of {}", file.running->step, file.timesteps.size());
}

Json to_json(const Inspection& inspection) {
  const LatentFile& file = inspection.content;
  Json json;
  json["file"] = inspection.path.string();
  json["file_bytes"] = inspection.file_bytes;
  json["state"] = file.running ? "running" : "complete";
  json["request"] = parse_object_or_null(file.request);
  json["inputs"] = parse_object_or_null(file.inputs);
  json["model"] = parse_object_or_null(file.model);
  json["software"] = file.software;
  json["created"] = file.created;
  json["latent_checksum"] = inspection.latent_checksum;
  if (!file.chunks.empty()) json["chunks"] = parse_json(chunk_list_text(file.chunks));
  json["text_tokens"] = {{"cond", file.cond_ids.size()}, {"uncond", file.uncond_ids.size()}};
  json["sampler"] = sampler_json(file);
  json["datasets"] = json_of(inspection.datasets);
  json["not_finite"] = inspection.not_finite;
  for (const auto& [stream, channels] : inspection.channels) {
    json[std::string(schema_of(stream).name) + "_channels"] = json_of(channels);
  }
  return json;
}

}  // namespace orrery
