#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "app/cli/options.h"

namespace orrery {

constexpr std::size_t kHelpWidth = 80;  // columns of a help page

// Wraps `text` to lines of kHelpWidth columns that begin with `indent` blanks. A blank line in the text separates
// paragraphs; a single line break counts as a blank.
std::string paragraphs(std::string_view text, std::size_t indent);

// `left` with `text` from `column` on: on the same line, or below when `left` is too long.
std::string beside(std::string_view left, std::string_view text, std::size_t column);

// Every line of `text`, indented by `indent` blanks.
std::string indented(std::string_view text, std::size_t indent);

// A file, an exit code or a variable with its description; or an example's purpose with its lines.
struct HelpEntry {
  std::string_view name;
  std::string_view text;
};

// A command's help apart from its options, which are in the option table. Blank lines separate paragraphs; empty parts
// are left out.
struct HelpPage {
  Command command;
  std::string_view purpose;   // printed after "orrery NAME - "
  std::string_view synopsis;  // one use on each line, printed after "orrery NAME "
  std::string_view description;
  std::span<const HelpEntry> files;
  std::span<const HelpEntry> exit_codes;
  std::span<const HelpEntry> environment;
  std::span<const HelpEntry> examples;
  std::string_view see_also;
};

// The pages of the commands that make clips and media: run, validate, tokens, encode, decode.
std::span<const HelpPage> making_pages();
// The pages of the commands that report and measure: inspect, compare, report, plan, bench, completion.
std::span<const HelpPage> telling_pages();

// The page of a command. Throws Error when it has none.
const HelpPage& help_page(Command command);

}  // namespace orrery
