#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/cli/options.h"

namespace orrery {

// What a command line gives: values by option, "true" for a switch alone, and positional arguments.
struct Arguments {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::filesystem::path> files;
};

// Splits the words behind `command`. An option of another command, one given twice, one without its value and a file
// where none is taken are InputErrors; values are not looked at.
Arguments read_arguments(const std::vector<std::string>& arguments, Command command);

}  // namespace orrery
