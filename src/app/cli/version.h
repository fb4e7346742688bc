#pragma once

#include <string>

#include "base/core/json.h"

namespace orrery {

// This program and the libraries that it was built with: an object of name and version, "none" for what it is built
// without.
Json versions();

// versions() as text, a line for each.
std::string version_text();

// "orrery 0.1.0 (revision)", for the files of a run.
std::string software_name();

}  // namespace orrery
