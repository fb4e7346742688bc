#include "app/inspect/inspection.h"

#include <fmt/format.h>

#include "base/core/error.h"

namespace orrery {
namespace {

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

Json sampler_json(const LatentFile& file) {
  Json sampler;
  sampler["steps"] = file.timesteps.size();
  sampler["sigmas"] = file.sigmas;
  sampler["timesteps"] = file.timesteps;
  if (file.running) {
    sampler["step"] = file.running->step;
    sampler["video"] = json_of(file.running->video);
    if (file.running->sound) sampler["sound"] = json_of(*file.running->sound);
  }
  return sampler;
}

std::int64_t not_finite(const std::vector<ValueStatistics>& channels) {
  std::int64_t count = 0;
  for (const ValueStatistics& s : channels) count += s.nan + s.infinite;
  return count;
}

// Of many files, the values would not fit the memory.
void drop_values(LatentFile& file) {
  const auto drop = [](FloatArray& array) { array.values = {}; };
  const auto drop_history = [&](SamplerHistory& history) {
    for (FloatArray* array : {&history.last_sample, &history.model_output_0, &history.model_output_1}) drop(*array);
  };
  drop(file.video);
  if (file.sound) drop(*file.sound);
  if (file.running) drop_history(file.running->video);
  if (file.running && file.running->sound) drop_history(*file.running->sound);
}

}  // namespace

Inspection inspect_file(const std::filesystem::path& path) {
  Inspection found;
  found.path = path;
  found.content = read_latents(path);
  found.datasets = list_datasets(path);
  found.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  found.latent_checksum = latents_checksum(found.content);
  found.all_video = statistics_of(found.content.video);
  found.video = channel_statistics(found.content.video);
  if (found.content.sound) found.sound = channel_statistics(*found.content.sound);
  found.not_finite = not_finite(found.video) + not_finite(found.sound);
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
  json["text_tokens"] = {{"cond", file.cond_ids.size()}, {"uncond", file.uncond_ids.size()}};
  json["sampler"] = sampler_json(file);
  json["datasets"] = json_of(inspection.datasets);
  json["not_finite"] = inspection.not_finite;
  json["video_channels"] = json_of(inspection.video);
  if (file.sound) json["sound_channels"] = json_of(inspection.sound);
  return json;
}

}  // namespace orrery
