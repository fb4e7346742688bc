#include "app/manifest/manifest_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "app/manifest/request_rules.h"
#include "base/core/error.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void wrong_type(const char* expected, const Json& found) {
  throw InputError(std::string(expected) + " was expected, found " + describe(found));
}

std::string text(const Json& value) {
  if (!value.is_string()) wrong_type("a string", value);
  return value.get<std::string>();
}

std::string valid_id(const Json& value) {
  std::string id = text(value);
  const std::string reason = check_id(id);
  require_input(reason.empty(), reason);
  return id;
}

fs::path path_from(const Json& value, const fs::path& folder) {
  const std::string name = text(value);
  require_input(!name.empty(), "the path is empty");
  require_input(name.find('\0') == std::string::npos, "the path has a null character");
  return (folder / name).lexically_normal();
}

std::int64_t integer(const Json& value) {
  if (!value.is_number_integer()) wrong_type("an integer", value);
  const bool too_large = value.is_number_unsigned() &&
                         value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  require_input(!too_large, value.dump() + " is too large");
  return value.get<std::int64_t>();
}

std::uint32_t seed(const Json& value) {
  constexpr std::uint32_t kLargest = std::numeric_limits<std::uint32_t>::max();
  const std::int64_t number = integer(value);
  require_input(0 <= number && number <= kLargest, fmt::format("{} is outside 0 to {}", value.dump(), kLargest));
  return static_cast<std::uint32_t>(number);
}

double number(const Json& value) {
  if (!value.is_number()) wrong_type("a number", value);
  return value.get<double>();
}

bool truth(const Json& value) {
  if (!value.is_boolean()) wrong_type("true or false", value);
  return value.get<bool>();
}

std::vector<std::int64_t> integers(const Json& value) {
  if (!value.is_array()) wrong_type("a list of integers", value);
  std::vector<std::int64_t> list(value.size());
  std::transform(value.begin(), value.end(), list.begin(), integer);
  return list;
}

GuidanceInterval interval(const Json& value) {
  if (!value.is_array() || value.size() != 2) wrong_type("a list of two timesteps", value);
  return {number(value[0]), number(value[1])};
}

// Whether a video's last frames are kept.
bool last_kept(const Json& value) {
  const std::string keep = text(value);
  require_input(keep == "first" || keep == "last", "\"" + keep + "\" is neither \"first\" nor \"last\"");
  return keep == "last";
}

// Token ids take the place of the default text, and a text that of default ids.
void set_negative_prompt(const Json& value, Request& r) {
  r.negative_prompt = text(value);
  r.negative_token_ids.reset();
}

void set_negative_ids(const Json& value, Request& r) {
  r.negative_token_ids = integers(value);
  r.negative_prompt.reset();
}

constexpr std::int64_t kMostSamples = 100'000;

// What the line makes of it is not the request's: parse_manifest() makes several requests.
void check_samples(const Json& value) {
  const std::int64_t count = integer(value);
  require_input(is_sample_count(value), fmt::format("{} is outside 1 to {}", count, kMostSamples));
}

using Folder = const fs::path&;
constexpr bool kOptional = true;
constexpr bool kValue = false;

const std::array kFields{
    ManifestField{"id", kValue, [](const Json& v, Folder, Request& r) { r.id = valid_id(v); }},
    ManifestField{"prompt", kOptional, [](const Json& v, Folder, Request& r) { r.prompt = text(v); }},
    ManifestField{"negative_prompt", kOptional, [](const Json& v, Folder, Request& r) { set_negative_prompt(v, r); }},
    ManifestField{"image", kOptional, [](const Json& v, Folder f, Request& r) { r.image = path_from(v, f); }},
    ManifestField{"last_image", kOptional, [](const Json& v, Folder f, Request& r) { r.last_image = path_from(v, f); }},
    ManifestField{"video", kOptional, [](const Json& v, Folder f, Request& r) { r.video = path_from(v, f); }},
    ManifestField{"video_keep", kOptional, [](const Json& v, Folder, Request& r) { r.keeps_last = last_kept(v); }},
    ManifestField{"condition_latents", kOptional,
                  [](const Json& v, Folder f, Request& r) { r.condition_latents = path_from(v, f); }},
    ManifestField{"continues", kOptional,
                  [](const Json& v, Folder f, Request& r) { r.continued_video = path_from(v, f); }},
    ManifestField{"condition_frames", kOptional,
                  [](const Json& v, Folder, Request& r) { r.condition_frames = integers(v); }},
    ManifestField{"num_frames", kValue, [](const Json& v, Folder, Request& r) { r.num_frames = integer(v); }},
    ManifestField{"chunk_frames", kOptional, [](const Json& v, Folder, Request& r) { r.chunk_frames = integer(v); }},
    ManifestField{"chunk_overlap", kValue, [](const Json& v, Folder, Request& r) { r.chunk_overlap = integer(v); }},
    ManifestField{"height", kValue, [](const Json& v, Folder, Request& r) { r.height = integer(v); }},
    ManifestField{"width", kValue, [](const Json& v, Folder, Request& r) { r.width = integer(v); }},
    ManifestField{"fps", kValue, [](const Json& v, Folder, Request& r) { r.fps = number(v); }},
    ManifestField{"steps", kValue, [](const Json& v, Folder, Request& r) { r.steps = integer(v); }},
    ManifestField{"guidance_scale", kValue, [](const Json& v, Folder, Request& r) { r.guidance_scale = number(v); }},
    ManifestField{"guidance_interval", kOptional,
                  [](const Json& v, Folder, Request& r) { r.guidance_interval = interval(v); }},
    ManifestField{"normalize_cfg", kValue, [](const Json& v, Folder, Request& r) { r.normalize_cfg = truth(v); }},
    ManifestField{"step_cache", kValue, [](const Json& v, Folder, Request& r) { r.step_cache.threshold = number(v); }},
    ManifestField{"step_cache_skips", kValue,
                  [](const Json& v, Folder, Request& r) { r.step_cache.skips = integer(v); }},
    ManifestField{"step_cache_order", kValue,
                  [](const Json& v, Folder, Request& r) { r.step_cache.order = integer(v); }},
    ManifestField{"flow_shift", kValue, [](const Json& v, Folder, Request& r) { r.flow_shift = number(v); }},
    ManifestField{"seed", kValue, [](const Json& v, Folder, Request& r) { r.seed = seed(v); }},
    ManifestField{"samples", kValue, [](const Json& v, Folder, Request&) { check_samples(v); }},
    ManifestField{"sound", kValue, [](const Json& v, Folder, Request& r) { r.sound = truth(v); }},
    ManifestField{"aspect_ratio", kOptional, [](const Json& v, Folder, Request& r) { r.aspect_ratio = text(v); }},
    ManifestField{"append_metadata", kValue, [](const Json& v, Folder, Request& r) { r.append_metadata = truth(v); }},
    ManifestField{"prompt_token_ids", kOptional,
                  [](const Json& v, Folder, Request& r) { r.prompt_token_ids = integers(v); }},
    ManifestField{"negative_token_ids", kOptional, [](const Json& v, Folder, Request& r) { set_negative_ids(v, r); }},
};

std::string shortened(const std::string& dumped) {
  constexpr std::size_t kLongest = 60;
  return dumped.size() <= kLongest ? dumped : dumped.substr(0, kLongest) + "…";
}

// What is off is not written, as it was not before there was such a choice: it makes the same clip.
void write_choices(const Request& r, Json& line) {
  if (r.guidance_interval) line["guidance_interval"] = {r.guidance_interval->low, r.guidance_interval->high};
  if (r.normalize_cfg) line["normalize_cfg"] = true;
  if (!r.step_cache.on()) return;
  line["step_cache"] = r.step_cache.threshold;
  line["step_cache_skips"] = r.step_cache.skips;
  line["step_cache_order"] = r.step_cache.order;
}

}  // namespace

JsonLine parse_json_line(std::string_view text) {
  JsonLine line;
  try {
    line.object = parse_json(text, [&](std::size_t depth, const std::string& key) {
      if (depth == 1) line.repeated.insert(key);
    });
  } catch (const JsonError& e) {
    const bool is_single_quote = e.byte > 0 && text[e.byte - 1] == '\'';
    const std::string place = e.byte == 0 ? "" : fmt::format("column {}: ", character_count(text.substr(0, e.byte)));
    throw InputError(place +
                     (is_single_quote ? "not valid JSON: texts and keys stand in double quotes, not in '" : e.what()));
  }
  require_input(line.object.is_object(),
                "a JSON object was expected, as in {\"id\": \"a\", \"prompt\": \"…\"}, found " + describe(line.object));
  return line;
}

bool is_sample_count(const Json& value) {
  if (!value.is_number_integer()) return false;
  const auto count = value.get<std::int64_t>();
  return 1 <= count && count <= kMostSamples;
}

const ManifestField* find_field(std::string_view name) {
  const auto* field = std::find_if(kFields.begin(), kFields.end(), [&](const auto& f) { return f.name == name; });
  return field == kFields.end() ? nullptr : field;
}

std::span<const std::string_view> field_names() {
  static const auto names = [] {
    std::array<std::string_view, kFields.size()> list;
    std::transform(kFields.begin(), kFields.end(), list.begin(), [](const ManifestField& field) { return field.name; });
    return list;
  }();
  return names;
}

void write_fields(const Request& r, Json& line) {
  line["id"] = r.id;
  if (!r.prompt_token_ids) line["prompt"] = r.prompt;
  if (r.negative_prompt) line["negative_prompt"] = *r.negative_prompt;
  if (!r.image.empty()) line["image"] = valid_utf8(r.image.string());
  if (!r.last_image.empty()) line["last_image"] = valid_utf8(r.last_image.string());
  if (!r.video.empty()) line["video"] = valid_utf8(r.video.string());
  if (!r.video.empty()) line["video_keep"] = r.keeps_last ? "last" : "first";
  if (!r.condition_latents.empty()) line["condition_latents"] = valid_utf8(r.condition_latents.string());
  if (!r.continued_video.empty()) line["continues"] = valid_utf8(r.continued_video.string());
  if (!r.parent.empty()) line[r.encodes_parent ? "continues" : "condition_latents"] = r.parent;
  if (r.conditioned()) line["condition_frames"] = r.condition_frames;
  line["num_frames"] = r.num_frames;
  if (r.is_long()) line["chunk_frames"] = *r.chunk_frames;
  if (r.is_long()) line["chunk_overlap"] = r.chunk_overlap;
  line["height"] = r.height;
  line["width"] = r.width;
  line["fps"] = r.fps;
  line["steps"] = r.steps;
  line["guidance_scale"] = r.guidance_scale;
  write_choices(r, line);
  line["flow_shift"] = r.flow_shift;
  line["seed"] = r.seed;
  line["sound"] = r.sound;
  if (r.aspect_ratio) line["aspect_ratio"] = *r.aspect_ratio;
  line["append_metadata"] = r.append_metadata;
  if (r.prompt_token_ids) line["prompt_token_ids"] = *r.prompt_token_ids;
  if (r.negative_token_ids) line["negative_token_ids"] = *r.negative_token_ids;
}

std::string describe(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean() || value.is_number()) return shortened(value.dump());
  if (value.is_string()) return "the string " + shortened(value.dump(-1, ' ', true));
  return (value.is_array() ? "the list " : "the object ") + shortened(value.dump(-1, ' ', true));
}

}  // namespace orrery
