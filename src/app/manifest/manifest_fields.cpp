#include "app/manifest/manifest_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
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

// Whether `video_keep` asks for the video's last frames.
bool last_kept(const Json& value) {
  const std::string keep = text(value);
  require_input(keep == "first" || keep == "last", "\"" + keep + "\" is neither \"first\" nor \"last\"");
  return keep == "last";
}

// A text replaces default token ids.
void set_negative_prompt(const Json& value, Request& r) {
  r.negative_prompt = text(value);
  r.negative_token_ids.reset();
}

// Token ids replace a default text.
void set_negative_ids(const Json& value, Request& r) {
  r.negative_token_ids = integers(value);
  r.negative_prompt.reset();
}

constexpr std::int64_t kMostSamples = 100'000;

// Only checks the value: parse_manifest() makes the samples.
void check_samples(const Json& value) {
  const std::int64_t count = integer(value);
  require_input(is_sample_count(value), fmt::format("{} is outside 1 to {}", count, kMostSamples));
}

Json path_text(const fs::path& path) { return path.empty() ? Json() : Json(valid_utf8(path.string())); }

template <class T>
Json unless_unset(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// `value`, or null when `on` is false. A feature that is off is not written, so requests from before it look the same.
template <class T>
Json where(bool on, const T& value) {
  return on ? Json(value) : Json();
}

// The parent's id if the request continues a parent in this way (`encodes`), else the path.
Json start_text(const fs::path& path, const Request& r, bool encodes) {
  const bool continues = !r.parent.empty() && r.encodes_parent == encodes;
  return continues ? Json(r.parent) : path_text(path);
}

using Folder = const fs::path&;
constexpr bool kOptional = true;
constexpr bool kValue = false;

// A field that sets one member to Read(value).
template <auto Member, auto Read>
constexpr ManifestField member(std::string_view name) {
  return {name, kValue, [](const Json& v, Folder, Request& r) { r.*Member = Read(v); },
          [](const Request& r) { return Json(r.*Member); }};
}

// A field that sets one std::optional member.
template <auto Member, auto Read>
constexpr ManifestField optional_member(std::string_view name) {
  return {name, kOptional, [](const Json& v, Folder, Request& r) { r.*Member = Read(v); },
          [](const Request& r) { return unless_unset(r.*Member); }};
}

template <fs::path Request::*Member>
constexpr ManifestField path_member(std::string_view name) {
  return {name, kOptional, [](const Json& v, Folder f, Request& r) { r.*Member = path_from(v, f); },
          [](const Request& r) { return path_text(r.*Member); }};
}

const std::array kFields{
    member<&Request::id, valid_id>("id"),
    ManifestField{"prompt", kOptional, [](const Json& v, Folder, Request& r) { r.prompt = text(v); },
                  [](const Request& r) { return where(!r.prompt_token_ids, r.prompt); }},
    ManifestField{"negative_prompt", kOptional, [](const Json& v, Folder, Request& r) { set_negative_prompt(v, r); },
                  [](const Request& r) { return unless_unset(r.negative_prompt); }},
    path_member<&Request::image>("image"),
    path_member<&Request::last_image>("last_image"),
    path_member<&Request::video>("video"),
    ManifestField{"video_keep", kOptional, [](const Json& v, Folder, Request& r) { r.keeps_last = last_kept(v); },
                  [](const Request& r) { return where(!r.video.empty(), r.keeps_last ? "last" : "first"); }},
    ManifestField{"condition_latents", kOptional,
                  [](const Json& v, Folder f, Request& r) { r.condition_latents = path_from(v, f); },
                  [](const Request& r) { return start_text(r.condition_latents, r, false); }},
    ManifestField{"continues", kOptional,
                  [](const Json& v, Folder f, Request& r) { r.continued_video = path_from(v, f); },
                  [](const Request& r) { return start_text(r.continued_video, r, true); }},
    ManifestField{"condition_frames", kOptional,
                  [](const Json& v, Folder, Request& r) { r.condition_frames = integers(v); },
                  [](const Request& r) { return where(r.conditioned(), r.condition_frames); }},
    member<&Request::num_frames, integer>("num_frames"),
    ManifestField{"chunk_frames", kOptional, [](const Json& v, Folder, Request& r) { r.chunk_frames = integer(v); },
                  [](const Request& r) { return r.is_long() ? Json(*r.chunk_frames) : Json(); }},
    ManifestField{"chunk_overlap", kValue, [](const Json& v, Folder, Request& r) { r.chunk_overlap = integer(v); },
                  [](const Request& r) { return where(r.is_long(), r.chunk_overlap); }},
    member<&Request::height, integer>("height"),
    member<&Request::width, integer>("width"),
    member<&Request::fps, number>("fps"),
    member<&Request::steps, integer>("steps"),
    member<&Request::guidance_scale, number>("guidance_scale"),
    ManifestField{"guidance_interval", kOptional,
                  [](const Json& v, Folder, Request& r) { r.guidance_interval = interval(v); },
                  [](const Request& r) {
                    return r.guidance_interval ? Json{r.guidance_interval->low, r.guidance_interval->high} : Json();
                  }},
    ManifestField{"normalize_cfg", kValue, [](const Json& v, Folder, Request& r) { r.normalize_cfg = truth(v); },
                  [](const Request& r) { return where(r.normalize_cfg, true); }},
    ManifestField{"step_cache", kValue, [](const Json& v, Folder, Request& r) { r.step_cache.threshold = number(v); },
                  [](const Request& r) { return where(r.step_cache.on(), r.step_cache.threshold); }},
    ManifestField{"step_cache_skips", kValue,
                  [](const Json& v, Folder, Request& r) { r.step_cache.skips = integer(v); },
                  [](const Request& r) { return where(r.step_cache.on(), r.step_cache.skips); }},
    ManifestField{"step_cache_order", kValue,
                  [](const Json& v, Folder, Request& r) { r.step_cache.order = integer(v); },
                  [](const Request& r) { return where(r.step_cache.on(), r.step_cache.order); }},
    member<&Request::flow_shift, number>("flow_shift"),
    member<&Request::seed, seed>("seed"),
    ManifestField{"samples", kValue, [](const Json& v, Folder, Request&) { check_samples(v); },
                  [](const Request&) { return Json(); }},
    member<&Request::sound, truth>("sound"),
    optional_member<&Request::aspect_ratio, text>("aspect_ratio"),
    member<&Request::append_metadata, truth>("append_metadata"),
    optional_member<&Request::prompt_token_ids, integers>("prompt_token_ids"),
    ManifestField{"negative_token_ids", kOptional, [](const Json& v, Folder, Request& r) { set_negative_ids(v, r); },
                  [](const Request& r) { return unless_unset(r.negative_token_ids); }},
};

std::string shortened(const std::string& dumped) {
  constexpr std::size_t kLongest = 60;
  return dumped.size() <= kLongest ? dumped : dumped.substr(0, kLongest) + "…";
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

Json written_fields(const Request& request) {
  Json line = Json::object();
  for (const ManifestField& field : kFields) {
    Json value = field.write(request);
    if (!value.is_null()) line[std::string(field.name)] = std::move(value);
  }
  return line;
}

std::string describe(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean() || value.is_number()) return shortened(value.dump());
  if (value.is_string()) return "the string " + shortened(value.dump(-1, ' ', true));
  return (value.is_array() ? "the list " : "the object ") + shortened(value.dump(-1, ' ', true));
}

}  // namespace orrery
