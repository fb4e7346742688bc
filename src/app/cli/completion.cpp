#include <algorithm>
#include <string_view>

#include "app/cli/commands.h"
#include "app/cli/option_table.h"
#include "app/cli/options.h"

namespace orrery {
namespace {

constexpr std::string_view kScript = R"(
_orrery() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "$_orrery_commands help --help --version" -- "$word"))
    return
  fi
  if [[ $before == help ]]; then
    COMPREPLY=($(compgen -W "$_orrery_commands" -- "$word"))
    return
  fi
  local options=_orrery_options_${COMP_WORDS[1]} values
  local name=${before#--}
  values=_orrery_values_${COMP_WORDS[1]}_${name//-/_}
  if [[ $before == --* && -n ${!values-} ]]; then
    COMPREPLY=($(compgen -W "${!values}" -- "$word"))
  elif [[ $word == --* ]]; then
    COMPREPLY=($(compgen -W "${!options-} --help" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _orrery orrery
)";

// The words of "a|b|c" when all of them are values; "" for a description such as "N" or "DIR".
std::string values_of(std::string_view argument) {
  const bool is_list =
      argument.find('|') != std::string_view::npos && argument.find_first_of(" .") == std::string_view::npos;
  const bool has_name = std::any_of(argument.begin(), argument.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_list || has_name) return "";
  std::string words(argument);
  std::replace(words.begin(), words.end(), '|', ' ');
  return words;
}

}  // namespace

std::string bash_completion() {
  std::string commands;
  std::string lists;
  for (const CommandSpec& command : command_table()) {
    commands.append(commands.empty() ? "" : " ").append(command.name);
    std::string options;
    for (const OptionSpec& option : option_table()) {
      if (!option.commands.contains(command.command)) continue;
      options.append(options.empty() ? "" : " ").append("--").append(option.name);
      std::string variable(option.name);
      std::replace(variable.begin(), variable.end(), '-', '_');
      const std::string values = values_of(option.argument);
      if (values.empty()) continue;
      lists.append("_orrery_values_").append(command.name).append("_").append(variable);
      lists.append("=\"").append(values).append("\"\n");
    }
    lists.append("_orrery_options_").append(command.name).append("=\"").append(options).append("\"\n");
  }
  return "# bash completion of orrery: source it, or put it into bash's completion folder.\n_orrery_commands=\"" +
         commands + "\"\n" + lists + std::string(kScript.substr(1));
}

}  // namespace orrery
