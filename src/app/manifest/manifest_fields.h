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
  std::set<std::string> repeated;  // keys that the line has more than once
};

// Throws InputError(reason), with the column of a syntax error, when `text` is not one JSON object.
JsonLine parse_json_line(std::string_view text);

// One key of a manifest line.
struct ManifestField {
  std::string_view name;
  bool optional;  // null means: not given
  // Stores `value` in the request; a path in it starts at `folder`. Throws InputError(reason) for a wrong type, or for
  // a number that does not fit.
  void (*read)(const Json& value, const std::filesystem::path& folder, Request& request);
  // The request's value as read() takes it; null: its line leaves the key out.
  Json (*write)(const Request& request);
};

// Whether `value` is a number of samples that a line may ask for.
bool is_sample_count(const Json& value);

// The field called `name`, or null.
const ManifestField* find_field(std::string_view name);

// All names, in the order in which manifest_line writes them.
std::span<const std::string_view> field_names();

// The request's keys as the object of its line; optional fields that are unset are left out.
Json written_fields(const Request& request);

// A JSON value in words: "the number 12", "the string \"abc\"", "null". Long ones are cut.
std::string describe(const Json& value);

}  // namespace orrery
