#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/commands.h"
#include "app/cli/options.h"

namespace orrery {

enum class OptionGroup { Files, ClipSize, Ranks, Sampling, Behaviour, RequestDefaults };

struct OptionGroupTitle {
  OptionGroup group;
  std::string_view title;
};

// In the order of help texts and job files.
std::span<const OptionGroupTitle> option_groups();

// One option of some commands: its only declaration for them.
struct OptionSpec {
  CommandSet commands;
  OptionGroup group;
  std::string_view name;      // without dashes; also its key in a job file
  std::string_view argument;  // as help shows it; for a switch "", whose value is true or false
  std::string_view help;
  // Throws InputError(reason) when the text is not a value of the option.
  std::function<void(Options&, const std::string& text)> set;
  // The value as set() reads it; none: not set.
  std::function<std::optional<std::string>(const Options&)> get;

  bool is_switch() const { return argument.empty(); }
  // False for the options that only make sense on the command line.
  bool in_job_file() const { return name != "job" && name != "dump-config"; }
};

// All options, in the order of the help text. A name is declared again where it means something else for another
// command.
std::span<const OptionSpec> option_table();

// The option of `command`, or null.
const OptionSpec* find_option(std::string_view name, Command command);

// Whether any command has it.
bool is_option(std::string_view name);

// The names of the command's options, to look for the nearest.
std::vector<std::string_view> option_names(Command command);

}  // namespace orrery
