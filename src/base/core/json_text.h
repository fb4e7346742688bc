#pragma once

#include <string>

#include "base/core/json.h"

namespace orrery {

// `value` as text, on one line where `indent` is negative. Never throws: bytes that are not UTF-8, as file names may
// have them, become U+FFFD.
std::string json_text(const Json& value, int indent = -1);

}  // namespace orrery
