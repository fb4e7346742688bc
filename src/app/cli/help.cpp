#include "app/cli/help.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "app/cli/commands.h"
#include "app/cli/option_table.h"
#include "app/cli/options.h"
#include "base/core/error.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

constexpr std::string_view kBlanks = " \n";

// Removes and returns the first word of `text`; "" when none is left.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

// Appends wrapped text to `out`, which ends at `column`; further lines begin at `indent`.
void append_words(std::string& out, std::string_view text, std::size_t column, std::size_t indent) {
  bool is_first = true;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const std::size_t width = character_count(word);
    if (!is_first && column + 1 + width > kHelpWidth) {
      out.append("\n").append(indent, ' ');
      column = indent;
    } else if (!is_first) {
      out += ' ';
      ++column;
    }
    out.append(word);
    column += width;
    is_first = false;
  }
  out += '\n';
}

constexpr std::size_t kIndent = 2;
constexpr std::size_t kOptionColumn = 30;
constexpr std::size_t kWidestEntry = 24;

constexpr std::string_view kOverviewTop =
    R"(Orrery makes video and sound with NVIDIA Cosmos3 checkpoints, on one GPU or on
many, from a manifest of requests.

Usage: orrery COMMAND [OPTION…]

)";

constexpr std::string_view kOverviewEnd = R"(
"orrery help COMMAND" or "orrery COMMAND --help" shows a command's options, its
files, exit codes and examples; "orrery --version" this build and its libraries.

A first clip, on any machine, without a checkpoint:
  echo '{"id": "first", "prompt": "A cat"}' > clips.jsonl
  orrery run --checkpoint random:tiny --manifest clips.jsonl --out out \
    --height 64 --width 96 --num-frames 9 --steps 4

Exit codes: 0 done; 1 some requests failed, or a comparison found differences;
2 bad usage or input; 3 internal or device error; 75 stopped on request: the
same command resumes.
)";

std::string overview() {
  std::string text(kOverviewTop);
  for (const CommandSpec& spec : command_table()) {
    text += beside("  " + std::string(spec.name), help_page(spec.command).purpose, 14);
  }
  return text + beside("  help", "show this text, or a command's page", 14) + std::string(kOverviewEnd);
}

bool is_required(const OptionSpec& spec, Command command) {
  const auto required = command_spec(command).required;
  return std::find(required.begin(), required.end(), spec.name) != required.end();
}

std::string option_line(const OptionSpec& spec, Command command) {
  std::string left = "    --" + std::string(spec.name);
  const std::optional<std::string> standard = is_required(spec, command) ? std::nullopt : spec.get(Options{});
  const bool is_off = spec.is_switch() && standard == "false";
  if (!spec.is_switch()) left.append(" ").append(spec.argument);
  if (spec.is_switch() && !is_off) left += " true|false";
  std::string text(spec.help);
  if (is_required(spec, command)) text += " (required)";
  if (standard && !is_off) text += " [" + *standard + "]";
  return beside(left, text, kOptionColumn);
}

std::string options_of(Command command) {
  std::string out;
  for (const OptionGroupTitle& group : option_groups()) {
    std::string lines;
    for (const OptionSpec& spec : option_table()) {
      if (spec.group == group.group && spec.commands.contains(command)) lines += option_line(spec, command);
    }
    if (lines.empty()) continue;
    out.append(out.empty() ? "" : "\n").append(kIndent, ' ').append(group.title).append("\n").append(lines);
  }
  if (out.empty()) return "";
  return "\nOPTIONS\n" + paragraphs("The value in brackets is the default.", kIndent) + "\n" + out;
}

std::string entries(std::string_view title, std::span<const HelpEntry> list) {
  if (list.empty()) return "";
  std::size_t width = 0;
  for (const HelpEntry& entry : list) width = std::max(width, character_count(entry.name));
  const std::size_t column = kIndent + std::min(width, kWidestEntry) + 2;
  std::string out("\n");
  out.append(title).append("\n");
  for (const HelpEntry& entry : list) out += beside("  " + std::string(entry.name), entry.text, column);
  return out;
}

std::string examples(std::span<const HelpEntry> list) {
  std::string out;
  for (const HelpEntry& entry : list) {
    out.append(out.empty() ? "\nEXAMPLES\n" : "\n");
    out += paragraphs(entry.name, kIndent) + indented(entry.text, 2 * kIndent);
  }
  return out;
}

std::string synopsis(std::string_view name, std::string_view uses) {
  std::string out;
  while (!uses.empty()) {
    const std::size_t end = std::min(uses.find('\n'), uses.size());
    const std::string_view use = uses.substr(0, end);
    const bool goes_on = use.starts_with(' ');
    out.append(kIndent, ' ').append(goes_on ? "" : "orrery ").append(goes_on ? "" : name).append(goes_on ? "" : " ");
    out.append(use).append("\n");
    uses.remove_prefix(std::min(end + 1, uses.size()));
  }
  return out;
}

}  // namespace

std::string paragraphs(std::string_view text, std::size_t indent) {
  constexpr std::string_view kGap = "\n\n";
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(kGap), text.size());
    if (!out.empty()) out += '\n';
    out.append(indent, ' ');
    append_words(out, text.substr(0, end), indent, indent);
    text.remove_prefix(std::min(end + kGap.size(), text.size()));
  }
  return out;
}

std::string beside(std::string_view left, std::string_view text, std::size_t column) {
  std::string out(left);
  const std::size_t width = character_count(left);
  if (width + 2 <= column) {
    out.append(column - width, ' ');
  } else {
    out.append("\n").append(column, ' ');
  }
  append_words(out, text, column, column);
  return out;
}

std::string indented(std::string_view text, std::size_t indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append(indent, ' ').append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string help_text(Command command) {
  if (command == Command::Help || command == Command::Version) return overview();
  const HelpPage& page = help_page(command);
  const std::string name(command_spec(command).name);
  std::string out = "NAME\n" + paragraphs("orrery " + name + " - " + std::string(page.purpose), kIndent);
  out += "\nSYNOPSIS\n" + synopsis(name, page.synopsis);
  out += "\nDESCRIPTION\n" + paragraphs(page.description, kIndent);
  out += options_of(command) + entries("FILES", page.files) + entries("EXIT CODES", page.exit_codes);
  out += entries("ENVIRONMENT", page.environment) + examples(page.examples);
  if (!page.see_also.empty()) out += "\nSEE ALSO\n" + paragraphs(page.see_also, kIndent);
  return out;
}

const HelpPage& help_page(Command command) {
  for (const std::span<const HelpPage> pages : {making_pages(), telling_pages()}) {
    for (const HelpPage& page : pages) {
      if (page.command == command) return page;
    }
  }
  throw Error("this command has no help page");
}

}  // namespace orrery
