#include "app/options.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <map>
#include <string_view>
#include <utility>

#include "app/job_file.h"
#include "app/nearest.h"
#include "app/option_table.h"
#include "app/request_rules.h"
#include "core/error.h"
#include "core/file.h"
#include "text/utf8.h"

namespace orrery {
namespace {

namespace po = boost::program_options;

// How messages name an option: "--height", or "job.ini:3: height" when the job file set it.
using Origins = std::map<std::string, std::string, std::less<>>;

std::string label(const Origins& origins, const std::string& name) {
  const auto found = origins.find(name);
  return found == origins.end() ? "--" + name : found->second;
}

Command parse_command(const std::string& word) {
  if (word == "--help" || word == "-h") return Command::Help;
  if (word == "--version") return Command::Version;
  if (word == "run") return Command::Run;
  if (word == "validate") return Command::Validate;
  if (word == "tokens") return Command::Tokens;
  constexpr std::array<std::string_view, 5> kKnown{"run", "validate", "tokens", "--help", "--version"};
  throw InputError("\"" + word + "\" is not a command" + did_you_mean(word, kKnown) +
                   ": orrery --help lists the commands");
}

po::options_description described_options() {
  po::options_description all;
  for (const OptionSpec& spec : option_table()) {
    auto* value = po::value<std::string>();
    if (spec.is_switch()) value->implicit_value("true");
    all.add_options()(std::string(spec.name).c_str(), value);
  }
  return all;
}

std::vector<po::option> split_arguments(const std::vector<std::string>& arguments) {
  namespace style = po::command_line_style;
  try {
    return po::command_line_parser(arguments)
        .options(described_options())
        .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
        .allow_unregistered()
        .run()
        .options;
  } catch (const po::error_with_option_name& e) {
    throw InputError(e.get_option_name() + ": its value is missing");
  }
}

// Name and value; a switch without a value is true.
std::pair<std::string, std::string> name_and_value(const po::option& option) {
  require_input(!option.string_key.empty(),
                "\"" + (option.value.empty() ? std::string() : option.value.front()) + "\" is not an option");
  require_input(!option.unregistered,
                "--" + option.string_key + ": no such option" + did_you_mean(option.string_key, option_names(), "--"));
  if (option.value.empty()) return {option.string_key, "true"};
  const std::string& value = option.value.front();
  // Boost takes whatever follows for the value.
  const bool is_next_option = value.starts_with("--") && find_option(value.substr(2)) != nullptr;
  require_input(!is_next_option, "--" + option.string_key + ": its value is missing");
  return {option.string_key, value};
}

void set(Options& options, const OptionSpec& spec, const std::string& value, const Origins& origins) {
  try {
    spec.set(options, value);
  } catch (const InputError& e) {
    throw InputError(label(origins, std::string(spec.name)) + ": " + e.what());
  }
}

void read_job_file(const std::string& path, Options& options, Origins& origins) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const InputError& e) {
    throw InputError(std::string("--job: ") + e.what());
  }
  for (const JobEntry& entry : parse_job_file(text, path)) {
    const std::string where = path + ":" + std::to_string(entry.line) + ": " + entry.name;
    const OptionSpec* spec = find_option(entry.name);
    require_input(spec != nullptr, where + ": no such option" + did_you_mean(entry.name, option_names()));
    require_input(spec->in_job_file(), where + ": belongs on the command line, not in a job file");
    origins[entry.name] = where;
    set(options, *spec, entry.value, origins);
  }
}

using Given = std::map<std::string, std::string, std::less<>>;

Given read_arguments(const std::vector<std::string>& arguments) {
  Given given;
  for (const po::option& option : split_arguments(arguments)) {
    auto [name, value] = name_and_value(option);
    const bool is_new = given.emplace(name, std::move(value)).second;
    require_input(is_new, "--" + name + ": given more than once");
  }
  return given;
}

Origins set_given(const Given& given, Options& options) {
  Origins origins;
  if (const auto job = given.find("job"); job != given.end()) read_job_file(job->second, options, origins);
  for (const auto& [name, value] : given) {
    origins[name] = "--" + name;
    set(options, *find_option(name), value, origins);
  }
  if (options.semantics == Semantics::Seed && !origins.contains("schedule")) {
    options.schedule = ScheduleChoice::DoubleShift;
  }
  return origins;
}

void require_between(std::int64_t value, std::int64_t low, std::int64_t high, const std::string& name) {
  require_input(low <= value && value <= high, name + ": " + std::to_string(value) + " is outside " +
                                                   std::to_string(low) + " to " + std::to_string(high));
}

void check_defaults(const Request& defaults, const Origins& origins) {
  for (const FieldProblem& problem : check_request(defaults)) {
    std::string name = problem.field;
    std::replace(name.begin(), name.end(), '_', '-');
    throw InputError(label(origins, name) + ": " + problem.reason);
  }
  if (defaults.negative_prompt) require_utf8(*defaults.negative_prompt, label(origins, "negative-prompt"));
}

void check_values(const Options& o, const Origins& origins) {
  require_between(o.crf, 0, 51, label(origins, "crf"));
  require_between(o.grid.cfg, 1, 2, label(origins, "cfg"));
  require_between(o.grid.tp, 1, 1024, label(origins, "tp"));
  require_input(!(o.quiet && o.verbose), label(origins, "verbose") + ": excludes --quiet");
  require_input(!o.defaults.negative_prompt || o.negative_prompt_file.empty(),
                label(origins, "negative-prompt-file") + ": excludes --negative-prompt");
  check_defaults(o.defaults, origins);
}

void check_required(const Options& o, const std::string& command) {
  const auto given = [&](const char* name, const char* argument, bool present) {
    require_input(present, std::string("--") + name + " " + argument + " is missing: orrery " + command +
                               " needs it, here or in a job file (orrery " + command + " --help)");
  };
  given("checkpoint", "DIR", !o.checkpoint.empty());
  given("manifest", "FILE", !o.manifest.empty());
  if (o.command == Command::Run) given("out", "DIR", !o.out.empty());
}

bool asks_for_help(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const std::string& a) { return a == "--help" || a == "-h"; });
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
  require_input(!arguments.empty(), "a command is missing: orrery --help lists the commands");
  Options options;
  options.command = parse_command(arguments.front());
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (options.command == Command::Help || asks_for_help(rest)) {
    options.help = true;
    return options;
  }
  if (options.command == Command::Version) {
    require_input(rest.empty(), "--version takes no other options");
    return options;
  }
  const Origins origins = set_given(read_arguments(rest), options);
  check_values(options, origins);
  if (!options.dump_config) check_required(options, arguments.front());
  return options;
}

}  // namespace orrery
