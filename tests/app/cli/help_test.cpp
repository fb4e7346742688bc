#include "app/cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <sstream>

#include "app/cli/commands.h"
#include "app/cli/option_table.h"
#include "app/cli/options.h"
#include "base/core/error.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

using Words = std::vector<std::string>;

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return text;
}

TEST(Help, ShowsTheCommandsOptionsAndNoOthers) {
  for (const CommandSpec& known : command_table()) {
    const Command command = known.command;
    const std::string help = help_text(command);
    for (const OptionSpec& spec : option_table()) {
      const std::string line = joined({"\n    --", spec.name, spec.is_switch() ? "" : " "});
      const bool shown = help.find(line) != std::string::npos;
      EXPECT_EQ(shown, find_option(spec.name, command) != nullptr) << spec.name << "\n" << help;
    }
  }
  EXPECT_THAT(help_text(Command::Run), HasSubstr("[189]"));
  EXPECT_THAT(help_text(Command::Encode), Not(HasSubstr("[720]")));
  const std::string overview = help_text(Command::Help);
  EXPECT_THAT(overview, HasSubstr("Exit codes"));
  for (const CommandSpec& spec : command_table()) EXPECT_THAT(overview, HasSubstr(joined({"\n  ", spec.name, " "})));
}

TEST(Help, EveryCommandHasAPageOfEightyColumns) {
  std::vector<Command> commands{Command::Help};
  for (const CommandSpec& spec : command_table()) commands.push_back(spec.command);
  for (const Command command : commands) {
    const std::string help = help_text(command);
    std::istringstream in(help);
    for (std::string line; std::getline(in, line);) {
      EXPECT_LE(character_count(line), 80U) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    if (command == Command::Help) continue;
    const std::string_view name = command_spec(command).name;
    EXPECT_THAT(help, AllOf(StartsWith(joined({"NAME\n  orrery ", name, " - "})),
                            HasSubstr(joined({"\nSYNOPSIS\n  orrery ", name})), HasSubstr("\nDESCRIPTION\n"),
                            HasSubstr("\nEXIT CODES\n  0 "), HasSubstr("\nEXAMPLES\n")));
    for (const std::string_view option : command_spec(command).required) {
      EXPECT_THAT(help_page(command).synopsis, HasSubstr(joined({"--", option}))) << name;
    }
  }
}

TEST(Help, IsAskedForInAnyOrder) {
  for (const Words& words : {Words{"help", "encode"}, Words{"--help", "encode"}, Words{"encode", "--help"},
                             Words{"encode", "-h"}, Words{"encode", "--width", "3", "--help"}}) {
    const Options o = parse_options(words);
    EXPECT_TRUE(o.help);
    EXPECT_EQ(o.command, Command::Encode);
  }
  for (const Words& words : {Words{"help"}, Words{"--help"}, Words{"-h"}, Words{"help", "--help"}}) {
    EXPECT_EQ(parse_options(words).command, Command::Help);
  }
  EXPECT_THAT(
      [] {
        parse_options({"help", "encod"});
      },
      ThrowsMessage<InputError>(StartsWith("\"encod\" is not a command (did you mean encode?)")));
  EXPECT_THAT(
      [] {
        parse_options({"help", "run", "decode"});
      },
      ThrowsMessage<InputError>(StartsWith("help takes one command")));
}

// Options accept exactly the values that help shows.
TEST(OptionTable, ShowsTheValuesThatItTakes) {
  constexpr std::string_view kMark = "is not one of ";
  int checked = 0;
  for (const OptionSpec& spec : option_table()) {
    if (spec.is_switch()) continue;
    Options options;
    std::string reason;
    try {
      spec.set(options, "?");
    } catch (const InputError& e) {
      reason = e.what();
    }
    const std::size_t at = reason.find(kMark);
    if (at == std::string::npos || spec.name == "what") continue;
    std::string values = reason.substr(at + kMark.size());
    std::erase(values, ' ');
    std::replace(values.begin(), values.end(), ',', '|');
    EXPECT_EQ(spec.argument, values) << spec.name;
    ++checked;
  }
  EXPECT_GT(checked, 8);
}

TEST(OptionTable, NamesAreUniqueInACommandAndHelpIsWritten) {
  for (const CommandSpec& known : command_table()) {
    const Command command = known.command;
    std::set<std::string_view> names;
    for (const OptionSpec& spec : option_table()) {
      if (!spec.commands.contains(command)) continue;
      EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
      EXPECT_FALSE(spec.help.empty()) << spec.name;
      EXPECT_EQ(find_option(spec.name, command), &spec);
    }
    for (const std::string_view name : command_spec(command).required) EXPECT_TRUE(names.contains(name)) << name;
  }
}

}  // namespace
}  // namespace orrery
