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

// The groups in the order of help texts and job files.
std::span<const OptionGroupTitle> option_groups();

// The only declaration of an option for these commands.
struct OptionSpec {
  CommandSet commands;
  OptionGroup group;
  std::string_view name;      // without dashes; also its key in a job file
  std::string_view argument;  // as shown by help; "" for a switch, whose value is true or false
  std::string_view help;
  // Throws InputError(reason) when the text is not a value of the option.
  std::function<void(Options&, const std::string& text)> set;
  // The value in the form that set() reads; none when it is not set.
  std::function<std::optional<std::string>(const Options&)> get;

  bool is_switch() const { return argument.empty(); }
  // False for options that are only allowed on the command line.
  bool in_job_file() const { return name != "job" && name != "dump-config"; }
};

// All options, in the order of the help text. A name has several rows when it means something else for other commands.
std::span<const OptionSpec> option_table();

// The option of `command` with this name, or null.
const OptionSpec* find_option(std::string_view name, Command command);

// Whether any command has an option of this name.
bool is_option(std::string_view name);

// The names of the command's options, for suggestions.
std::vector<std::string_view> option_names(Command command);

}  // namespace orrery
