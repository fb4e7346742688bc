#include <fmt/format.h>

#include <algorithm>

#include "app/inspect/inspection.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

constexpr std::size_t kIndent = 2;      // columns before a page's rows
constexpr std::size_t kNameWidth = 12;  // columns of the rows' names

std::string number(double value) { return fmt::format("{:.4g}", value); }

std::string first_words(const std::string& text) {
  constexpr std::size_t kBytes = 60;
  return text.size() <= kBytes ? text : fmt::format("{}…", whole_characters(text, kBytes));
}

// A member of the request as text, or "?".
std::string member(const Json& request, const char* key) {
  if (!request.is_object() || !request.contains(key)) return "?";
  const Json& value = request[key];
  return printable(value.is_string() ? value.get<std::string>() : json_text(value));
}

// The settings that are off by default, if they are on: ", step cache 0.25 of order 0 with 2 skips in a row at most".
std::string choices_text(const Json& request) {
  std::string text;
  const auto add = [&](const char* key, const std::string& before, const char* behind) {
    if (request.contains(key)) text.append(before).append(member(request, key)).append(behind);
  };
  add("guidance_interval", ", guided between timesteps ", "");
  if (request.contains("normalize_cfg")) text += ", normalized guidance";
  add("step_cache", ", step cache ", "");
  add("step_cache_order", " of order ", "");
  add("step_cache_skips", " with ", " skips in a row at most");
  return text;
}

std::string request_text(const Json& request) {
  if (!request.is_object()) return "none";
  const auto of = [&](const char* key) { return member(request, key); };
  const std::string prompt = request.contains("prompt") ? first_words(of("prompt")) : "token ids";
  return fmt::format("{}: {}\n{:{}}{} frames of {} x {} at {} a second, {} steps, guidance {}, seed {}{}", of("id"),
                     prompt, "", kIndent + kNameWidth, of("num_frames"), of("width"), of("height"), of("fps"),
                     of("steps"), of("guidance_scale"), of("seed"), choices_text(request));
}

std::string sampler_text(const LatentFile& file) {
  if (file.sigmas.empty()) return "none";
  const std::string steps = fmt::format("{}, sigma {} to {}", count_text(std::ssize(file.timesteps), "step"),
                                        number(file.sigmas.front()), number(file.sigmas.back()));
  if (!file.running) return steps;
  const int order = file.running->histories.at(Stream::Video).last_order;
  const std::string last = order > 0 ? fmt::format(", last of order {}", order) : "";
  return fmt::format("{}, {} done{}", steps, file.running->step, last);
}

std::string datasets_table(const std::vector<StoredDataset>& datasets) {
  TextTable table({"dataset", "type", "shape", "bytes", "on disk", "checksums"}, 2);
  for (const StoredDataset& d : datasets) {
    table.add({d.path, d.type, shape_text(d.shape), fmt::to_string(d.bytes), fmt::to_string(d.stored_bytes),
               d.has_checksum ? "verified" : "none"});
  }
  return table.text();
}

std::string channels_table(const std::string& name, const std::vector<ValueStatistics>& channels) {
  TextTable table({name, "min", "max", "mean", "deviation", "nan", "inf"}, 1);
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const ValueStatistics& s = channels[c];
    table.add({fmt::to_string(c), number(s.min), number(s.max), number(s.mean), number(s.deviation),
               fmt::to_string(s.nan), fmt::to_string(s.infinite)});
  }
  return table.text();
}

}  // namespace

std::string page_of(const Inspection& inspection) {
  const LatentFile& file = inspection.content;
  const Json json = to_json(inspection);
  const auto or_none = [](const std::string& text) { return text.empty() ? std::string("none") : printable(text); };
  std::string page = fmt::format("{}: {}, {} bytes\n\n", printable(inspection.path.string()), state_text(inspection),
                                 inspection.file_bytes);
  const std::vector<TableColumn> columns{{.width = kNameWidth, .gap = kIndent}, {.gap = 0}};
  const auto row = [&](const std::string& name, const std::string& value) {
    page.append(table_row(columns, {name, value})).append("\n");
  };
  row("request", request_text(json["request"]));
  row("model", json["model"].is_object() ? printable(json_text(json["model"])) : "none");
  row("written", fmt::format("{} by {}", or_none(file.created), or_none(file.software)));
  row("texts", fmt::format("{} and {}", file.cond_ids.size(), count_text(std::ssize(file.uncond_ids), "token")));
  row("sampler", sampler_text(file));
  if (!file.chunks.empty())
    row("latents", fmt::format("of {}, in {}", count_text(std::ssize(file.chunks), "chunk"), names_of(file.chunks)));
  row("checksum", inspection.latent_checksum);
  row("not finite", count_text(static_cast<std::int64_t>(inspection.not_finite), "value"));
  page.append("\n").append(datasets_table(inspection.datasets));
  for (const auto& [stream, channels] : inspection.channels) {
    page.append("\n").append(channels_table(std::string(schema_of(stream).name) + " channel", channels));
  }
  return page;
}

std::string table_of(const std::vector<Inspection>& inspections) {
  TextTable table({"file", "state", "video latents", "sound", "min", "max", "mean", "deviation", "not finite", "bytes"},
                  3);
  for (const Inspection& inspection : inspections) {
    const LatentFile& file = inspection.content;
    const ValueStatistics& s = inspection.all_video;
    const auto shape = [&](Stream stream) {
      return file.latents.contains(stream) ? shape_text(file.latents.at(stream).shape) : "-";
    };
    table.add({inspection.path.string(), state_text(inspection), shape(Stream::Video), shape(Stream::Sound),
               number(s.min), number(s.max), number(s.mean), number(s.deviation), fmt::to_string(inspection.not_finite),
               fmt::to_string(inspection.file_bytes)});
  }
  return table.text();
}

}  // namespace orrery
