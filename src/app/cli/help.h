#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "app/cli/options.h"

namespace orrery {

constexpr std::size_t kHelpWidth = 80;  // columns of a help page

// `text` broken between words into lines of kHelpWidth columns that begin with `indent` blanks. A blank line in the
// text separates paragraphs; a single line break counts as a blank.
std::string paragraphs(std::string_view text, std::size_t indent);

// `left`, and `text` from `column` on: beside it, or below where `left` is too long.
std::string beside(std::string_view left, std::string_view text, std::size_t column);

// Every line of `text` as it is, behind `indent` blanks.
std::string indented(std::string_view text, std::size_t indent);

// A file, an exit code or a variable, and what it is; or what an example does, and its lines.
struct HelpEntry {
  std::string_view name;
  std::string_view text;
};

// What a command's help says beside its options, which the option table has. Paragraphs are separated by blank lines;
// a part that is empty is left out.
struct HelpPage {
  Command command;
  std::string_view purpose;   // behind "orrery NAME - "
  std::string_view synopsis;  // one use a line, behind "orrery NAME "
  std::string_view description;
  std::span<const HelpEntry> files;
  std::span<const HelpEntry> exit_codes;
  std::span<const HelpEntry> environment;
  std::span<const HelpEntry> examples;
  std::string_view see_also;
};

// The pages of the commands that make clips and media: run, validate, tokens, encode, decode.
std::span<const HelpPage> making_pages();
// Of those that look, measure and help: inspect, compare, report, plan, bench, completion.
std::span<const HelpPage> telling_pages();

// Throws Error for a command that has no page.
const HelpPage& help_page(Command command);

}  // namespace orrery
