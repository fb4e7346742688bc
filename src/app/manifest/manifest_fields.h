#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/core/json.h"
#include "pipeline/request.h"

namespace orrery {

// One line of a manifest as JSON.
struct JsonLine {
  Json object;
  std::set<std::string> repeated;  // keys that occur more than once in the line
};

// Parses `text`. Throws InputError(reason), with the column of a syntax error, when it is not one JSON object.
JsonLine parse_json_line(std::string_view text);

// One key of a manifest line.
struct ManifestField {
  std::string_view name;
  bool optional;  // null counts as not given
  // Stores `value` in the request; a relative path starts at `folder`. Throws InputError(reason) for a wrong type, or
  // for a value out of range.
  void (*read)(const Json& value, const std::filesystem::path& folder, Request& request);
  // The request's value in the form that read() takes; null: the line leaves the key out.
  Json (*write)(const Request& request);
};

// Whether `value` is a valid number of samples.
bool is_sample_count(const Json& value);

// The field with the key `name`, or null.
const ManifestField* find_field(std::string_view name);

// All keys, in the order in which manifest_line() writes them.
std::span<const std::string_view> field_names();

// The request as the JSON object of its line, without the fields whose write() returns null.
Json written_fields(const Request& request);

// A JSON value in words, for messages: "12", "the string \"abc\"", "null". Cuts long values.
std::string describe(const Json& value);

}  // namespace orrery
