#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/options.h"

namespace orrery {

enum class OptionGroup { Files, Ranks, Sampling, Behaviour, RequestDefaults };

// One option: its only declaration.
struct OptionSpec {
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

// All options, in the order of the help text.
std::span<const OptionSpec> option_table();

const OptionSpec* find_option(std::string_view name);

// Their names, to look for the nearest.
std::span<const std::string_view> option_names();

}  // namespace orrery
