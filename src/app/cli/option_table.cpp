#include "app/cli/option_table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "app/cli/option_rows.h"

namespace orrery {
namespace {

constexpr std::array kGroups{
    OptionGroupTitle{OptionGroup::Files, "Files"},
    OptionGroupTitle{OptionGroup::ClipSize, "Size of the clip"},
    OptionGroupTitle{OptionGroup::Ranks, "Ranks and devices"},
    OptionGroupTitle{OptionGroup::Sampling, "Sampling"},
    OptionGroupTitle{OptionGroup::Behaviour, "Behaviour"},
    OptionGroupTitle{OptionGroup::RequestDefaults, "Defaults for what a manifest line leaves out"}};

std::vector<OptionSpec> make_table() {
  const std::pair<OptionGroup, std::vector<OptionSpec> (*)()> kGroupRows[] = {
      {OptionGroup::Files, file_options},          {OptionGroup::ClipSize, size_options},
      {OptionGroup::Ranks, rank_options},          {OptionGroup::Sampling, sampling_options},
      {OptionGroup::Behaviour, behaviour_options}, {OptionGroup::RequestDefaults, request_options}};
  std::vector<OptionSpec> table;
  for (const auto& [group, rows] : kGroupRows) {
    for (OptionSpec& row : rows()) {
      row.group = group;
      table.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace

std::span<const OptionGroupTitle> option_groups() { return kGroups; }

std::span<const OptionSpec> option_table() {
  static const auto table = make_table();
  return table;
}

const OptionSpec* find_option(std::string_view name, Command command) {
  const auto table = option_table();
  const auto spec = std::find_if(table.begin(), table.end(),
                                 [&](const OptionSpec& o) { return o.name == name && o.commands.contains(command); });
  return spec == table.end() ? nullptr : &*spec;
}

bool is_option(std::string_view name) {
  const auto table = option_table();
  return std::any_of(table.begin(), table.end(), [&](const OptionSpec& o) { return o.name == name; });
}

std::vector<std::string_view> option_names(Command command) {
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : option_table()) {
    if (spec.commands.contains(command)) names.push_back(spec.name);
  }
  return names;
}

}  // namespace orrery
