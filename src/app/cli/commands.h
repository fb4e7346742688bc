#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/options.h"

namespace orrery {

// A command's name and required arguments.
struct CommandSpec {
  Command command;
  std::string_view name;
  std::span<const std::string_view> required;  // names of required options
  std::string_view files;                      // description of its positional arguments; "": none are allowed
  std::size_t max_files = 0;
  std::size_t min_files = 1;
};

// The commands that take options, in the order of the help text.
std::span<const CommandSpec> command_table();

// The row of a command of the table.
const CommandSpec& command_spec(Command command);

class CommandSet {
 public:
  constexpr CommandSet(std::initializer_list<Command> commands) {
    for (const Command command : commands) bits_ |= bit(command);
  }
  constexpr bool contains(Command command) const { return (bits_ & bit(command)) != 0; }

 private:
  static constexpr unsigned bit(Command command) { return 1U << static_cast<unsigned>(command); }
  unsigned bits_ = 0;
};

// A parsed command line: values by option ("true" for a switch without a value), and positional arguments.
struct Arguments {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::filesystem::path> files;
};

// Parses the words after `command`. Throws InputError for an option of another command, a repeated option, a missing
// value and an unexpected file. Does not check values.
Arguments read_arguments(const std::vector<std::string>& arguments, Command command);

}  // namespace orrery
