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

// What a command is called and cannot do without.
struct CommandSpec {
  Command command;
  std::string_view name;
  std::span<const std::string_view> required;  // options, by name
  std::string_view files;                      // what its positional arguments are, in words; "": it takes none
  std::size_t max_files = 0;
  std::size_t min_files = 1;
};

// The commands that take options, in the order of the help text.
std::span<const CommandSpec> command_table();

// For a command of the table.
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

// What a command line gives: values by option, "true" for a switch alone, and positional arguments.
struct Arguments {
  std::map<std::string, std::string, std::less<>> options;
  std::vector<std::filesystem::path> files;
};

// Splits the words behind `command`. An option of another command, one given twice, one without its value and a file
// where none is taken are InputErrors; values are not looked at.
Arguments read_arguments(const std::vector<std::string>& arguments, Command command);

}  // namespace orrery
