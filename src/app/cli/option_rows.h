#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/option_table.h"
#include "app/cli/option_values.h"

// The rows of option_table(), in one source file for one or two groups.
namespace orrery {

std::vector<OptionSpec> file_options();
std::vector<OptionSpec> size_options();
std::vector<OptionSpec> rank_options();
std::vector<OptionSpec> sampling_options();
std::vector<OptionSpec> behaviour_options();
std::vector<OptionSpec> request_options();

// Makes a row. member(options) returns a reference to the option's value in a constant or mutable Options.
template <class Member>
OptionSpec option(CommandSet commands, std::string_view name, std::string_view argument, std::string_view help,
                  Member member) {
  return {commands,
          {},  // set by option_table()
          name,
          argument,
          help,
          [member](Options& options, const std::string& text) { read_value(text, member(options)); },
          [member](const Options& options) { return write_value(member(options)); }};
}

// validate, plan and tokens take the options of run, so that the same command line or job file works for all of them.
inline constexpr CommandSet kRun{Command::Run, Command::Validate, Command::Plan, Command::Tokens};
inline constexpr CommandSet kEncode{Command::Encode};
inline constexpr CommandSet kDecode{Command::Decode};
inline constexpr CommandSet kRunDecode{Command::Run, Command::Validate, Command::Plan, Command::Tokens,
                                       Command::Decode};
inline constexpr CommandSet kAll{Command::Run,    Command::Validate, Command::Plan,
                                 Command::Tokens, Command::Encode,   Command::Decode};
inline constexpr CommandSet kBench{Command::Bench};
inline constexpr CommandSet kRunBench{Command::Run, Command::Validate, Command::Plan, Command::Tokens, Command::Bench};
inline constexpr CommandSet kAllBench{Command::Run,    Command::Validate, Command::Plan, Command::Tokens,
                                      Command::Encode, Command::Decode,   Command::Bench};
inline constexpr CommandSet kPlan{Command::Plan};

inline constexpr CommandSet kInspect{Command::Inspect};
inline constexpr CommandSet kCompare{Command::Compare};
inline constexpr CommandSet kReport{Command::Report};
inline constexpr CommandSet kTellers{Command::Plan, Command::Inspect, Command::Compare, Command::Report};

}  // namespace orrery
