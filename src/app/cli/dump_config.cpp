#include <optional>
#include <string>

#include "app/cli/job_file.h"
#include "app/cli/option_table.h"
#include "app/cli/options.h"

namespace orrery {

std::string dump_config(const Options& options) {
  std::string out = "# The options in effect, for orrery run --job FILE. A name behind # is not set.\n";
  for (const OptionGroupTitle& group : option_groups()) {
    std::string lines;
    for (const OptionSpec& spec : option_table()) {
      if (spec.group != group.group || !spec.in_job_file() || !spec.commands.contains(Command::Run)) continue;
      const std::optional<std::string> value = spec.get(options);
      lines.append(value ? "" : "# ").append(spec.name).append(" =");
      if (value && !value->empty()) lines.append(" ").append(job_value(*value));
      lines += "\n";
    }
    if (!lines.empty()) out.append("\n# ").append(group.title).append("\n").append(lines);
  }
  return out;
}

}  // namespace orrery
