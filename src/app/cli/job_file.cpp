#include "app/cli/job_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "app/cli/option_table.h"
#include "app/cli/options.h"
#include "base/core/error.h"
#include "base/core/json.h"

namespace orrery {
namespace {

constexpr std::string_view kInLine = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kInLine);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kInLine) - start + 1);
}

std::string_view without_comment(std::string_view text) {
  for (std::size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1)) {
    if (at == 0 || kInLine.find(text[at - 1]) != std::string_view::npos) return text.substr(0, at);
  }
  return text;
}

// The JSON string at the start of `text`, after which only a comment may follow.
std::string quoted_value(std::string_view text, const std::string& where) {
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  require_input(end < text.size(), where + "the closing quote is missing");
  const std::string_view rest = trimmed(text.substr(end + 1));
  require_input(rest.empty() || rest.starts_with('#'), where + "text after the closing quote");
  try {
    return parse_json(text.substr(0, end + 1)).get<std::string>();
  } catch (const JsonError&) {
    throw InputError(where + "a value in double quotes must be a JSON string (\\n, \\\", \\\\)");
  }
}

JobEntry parse_entry(std::string_view text, int line, const std::string& where) {
  require_input(!text.starts_with('['), where + "sections are not supported: write only \"name = value\" lines");
  const std::size_t equals = text.find('=');
  require_input(equals != std::string_view::npos,
                fmt::format("{}\"name = value\" was expected, found \"{}\"", where, trimmed(without_comment(text))));
  const std::string name(trimmed(text.substr(0, equals)));
  require_input(!name.empty(), where + "a name is missing before \"=\"");
  const std::string_view value = trimmed(text.substr(equals + 1));
  if (value.starts_with('"')) return {name, quoted_value(value, where + name + ": "), line};
  return {name, std::string(trimmed(without_comment(value))), line};
}

}  // namespace

std::vector<JobEntry> parse_job_file(std::string_view text, const std::filesystem::path& file) {
  std::vector<JobEntry> entries;
  std::map<std::string, int> line_of_name;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.empty() || content.starts_with('#')) continue;
    const std::string where = fmt::format("{}:{}: ", file.string(), line);
    entries.push_back(parse_entry(content, line, where));
    const std::string& name = entries.back().name;
    const auto [first, is_new] = line_of_name.emplace(name, line);
    require_input(is_new, fmt::format("{}{}: already set in line {}", where, name, first->second));
  }
  return entries;
}

std::string job_value(const std::string& value) {
  const bool has_control =
      std::any_of(value.begin(), value.end(), [](unsigned char c) { return std::iscntrl(c) != 0; });
  const bool plain =
      !has_control && trimmed(value) == value && !value.starts_with('"') && value.find('#') == std::string::npos;
  return plain ? value : json_text(value);
}

std::string dump_config(const Options& options) {
  std::string out = "# The options in effect, for orrery run --job FILE. A name after # is not set.\n";
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
