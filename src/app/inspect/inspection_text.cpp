#include <algorithm>
#include <array>
#include <cstdio>

#include "app/inspect/inspection.h"
#include "base/core/json_text.h"
#include "base/core/printable.h"
#include "base/core/text_table.h"

namespace orrery {
namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string first_words(const std::string& text) {
  constexpr std::size_t kLength = 60;
  if (text.size() <= kLength) return text;
  std::size_t end = kLength;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  return text.substr(0, end) + "…";
}

// A member of the request as text, or "?".
std::string member(const Json& request, const char* key) {
  if (!request.is_object() || !request.contains(key)) return "?";
  const Json& value = request[key];
  return printable(value.is_string() ? value.get<std::string>() : json_text(value));
}

// What is off unless asked for: ", step cache 0.25 with 2 skips in a row at most".
std::string choices_text(const Json& request) {
  std::string text;
  const auto add = [&](const char* key, const std::string& before, const char* behind) {
    if (request.contains(key)) text.append(before).append(member(request, key)).append(behind);
  };
  add("guidance_interval", ", guided between timesteps ", "");
  if (request.contains("normalize_cfg")) text += ", normalized guidance";
  add("step_cache", ", step cache ", "");
  add("step_cache_skips", " with ", " skips in a row at most");
  return text;
}

std::string request_text(const Json& request) {
  if (!request.is_object()) return "none";
  std::string text = member(request, "id");
  text += ": ";
  text += request.contains("prompt") ? first_words(member(request, "prompt")) : "token ids";
  text += "\n              ";
  const auto add = [&](const char* key, const char* behind) { text.append(member(request, key)).append(behind); };
  add("num_frames", " frames of ");
  add("width", " x ");
  add("height", " at ");
  add("fps", " a second, ");
  add("steps", " steps, guidance ");
  add("guidance_scale", ", seed ");
  add("seed", "");
  return text + choices_text(request);
}

std::string sampler_text(const LatentFile& file) {
  if (file.sigmas.empty()) return "none";
  std::string text = std::to_string(file.timesteps.size()) + " steps, sigma " + number(file.sigmas.front()) + " to " +
                     number(file.sigmas.back());
  if (file.running) {
    text += ", " + std::to_string(file.running->step) + " done, last of order " +
            std::to_string(file.running->video.last_order);
  }
  return text;
}

std::string datasets_table(const std::vector<StoredDataset>& datasets) {
  TextTable table({"dataset", "type", "shape", "bytes", "on disk", "checksums"}, 2);
  for (const StoredDataset& d : datasets) {
    table.add({d.path, d.type, shape_text(d.shape), std::to_string(d.bytes), std::to_string(d.stored_bytes),
               d.has_checksum ? "verified" : "none"});
  }
  return table.text();
}

std::string channels_table(const std::string& name, const std::vector<ValueStatistics>& channels) {
  TextTable table({name, "min", "max", "mean", "deviation", "nan", "inf"}, 1);
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const ValueStatistics& s = channels[c];
    table.add({std::to_string(c), number(s.min), number(s.max), number(s.mean), number(s.deviation),
               std::to_string(s.nan), std::to_string(s.infinite)});
  }
  return table.text();
}

}  // namespace

std::string page_of(const Inspection& inspection) {
  const LatentFile& file = inspection.content;
  const Json json = to_json(inspection);
  const auto or_none = [](const std::string& text) { return text.empty() ? std::string("none") : printable(text); };
  std::string page = printable(inspection.path.string()) + ": " + state_text(inspection) + ", " +
                     std::to_string(inspection.file_bytes) + " bytes\n\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    page.append("  ").append(name).append(12 - name.size(), ' ').append(value).append("\n");
  };
  row("request", request_text(json["request"]));
  row("model", json["model"].is_object() ? printable(json_text(json["model"])) : "none");
  row("written", or_none(file.created) + " by " + or_none(file.software));
  row("texts", std::to_string(file.cond_ids.size()) + " and " + std::to_string(file.uncond_ids.size()) + " tokens");
  row("sampler", sampler_text(file));
  row("checksum", inspection.latent_checksum);
  row("not finite", std::to_string(inspection.not_finite) + " values");
  page.append("\n").append(datasets_table(inspection.datasets));
  page.append("\n").append(channels_table("video channel", inspection.video));
  if (!inspection.sound.empty()) page.append("\n").append(channels_table("sound channel", inspection.sound));
  return page;
}

std::string table_of(const std::vector<Inspection>& inspections) {
  TextTable table({"file", "state", "video latents", "sound", "min", "max", "mean", "deviation", "not finite", "bytes"},
                  3);
  for (const Inspection& inspection : inspections) {
    const LatentFile& file = inspection.content;
    const ValueStatistics& s = inspection.all_video;
    table.add({inspection.path.string(), state_text(inspection), shape_text(file.video.shape),
               file.sound ? shape_text(file.sound->shape) : "-", number(s.min), number(s.max), number(s.mean),
               number(s.deviation), std::to_string(inspection.not_finite), std::to_string(inspection.file_bytes)});
  }
  return table.text();
}

}  // namespace orrery
