#pragma once

#include <string>

#include "base/core/json.h"

namespace orrery {

// The versions of this program and its libraries, by name; "none" for libraries that it was built without.
Json versions();

// versions() as text, one line each.
std::string version_text();

// "orrery 0.1.0 (revision)", for the files of a run.
std::string software_name();

}  // namespace orrery
