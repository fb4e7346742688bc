#pragma once

#include <string>

namespace orrery {

// A bash script that completes `orrery`'s commands, options and the values of options that are one of a few words; it
// follows from the tables of commands and options.
std::string bash_completion();

}  // namespace orrery
