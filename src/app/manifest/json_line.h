#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/core/json.h"

namespace orrery {

// One line of a manifest as JSON.
struct JsonLine {
  Json object;
  std::set<std::string> repeated;  // keys that the line has more than once
};

// Throws InputError(reason), with the column of a syntax error, when `text` is not one JSON object.
JsonLine parse_json_line(std::string_view text);

}  // namespace orrery
