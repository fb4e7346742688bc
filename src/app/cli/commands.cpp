#include "app/cli/commands.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <limits>
#include <utility>

#include "app/cli/option_table.h"
#include "base/core/choice.h"
#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::array<std::string_view, 3> kRunNeeds{"checkpoint", "manifest", "out"};
constexpr std::array<std::string_view, 2> kTextsNeed{"checkpoint", "manifest"};
constexpr std::array<std::string_view, 4> kEncodeNeeds{"checkpoint", "out", "height", "width"};
constexpr std::array<std::string_view, 2> kDecodeNeeds{"checkpoint", "out"};
constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

constexpr std::array kCommands{
    CommandSpec{Command::Run, "run", kRunNeeds, ""},
    CommandSpec{Command::Validate, "validate", kTextsNeed, ""},
    CommandSpec{Command::Plan, "plan", kTextsNeed, ""},
    CommandSpec{Command::Tokens, "tokens", kTextsNeed, ""},
    CommandSpec{Command::Encode, "encode", kEncodeNeeds, "an image or a video", 1},
    CommandSpec{Command::Decode, "decode", kDecodeNeeds, "one latent file (.h5) or more", kAnyNumber},
    CommandSpec{Command::Inspect, "inspect", {}, "one latent file (.h5) or more", kAnyNumber},
    CommandSpec{Command::Compare, "compare", {}, "two latent files (.h5) or two media files", 2, 2},
    CommandSpec{Command::Report, "report", {}, "the --out folder of a run", 1},
    CommandSpec{Command::Bench, "bench", {}, ""},
    CommandSpec{Command::Completion, "completion", {}, "the shell, bash", 1}};

namespace po = boost::program_options;

// The options of one command; options of other commands are not registered.
po::options_description described_options(Command command) {
  po::options_description all;
  for (const OptionSpec& spec : option_table()) {
    if (!spec.commands.contains(command)) continue;
    auto* value = po::value<std::string>();
    if (spec.is_switch()) value->implicit_value("true");
    all.add_options()(std::string(spec.name).c_str(), value);
  }
  return all;
}

std::vector<po::option> split_arguments(const std::vector<std::string>& arguments, Command command) {
  namespace style = po::command_line_style;
  try {
    return po::command_line_parser(arguments)
        .options(described_options(command))
        .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
        .allow_unregistered()
        .run()
        .options;
  } catch (const po::error_with_option_name& e) {
    const std::string name = e.get_option_name();
    const OptionSpec* spec = find_option(name.substr(name.find_first_not_of('-')), command);
    throw InputError(name + ": its value is missing" +
                     (spec == nullptr ? "" : ": " + name + " " + std::string(spec->argument)));
  }
}

// Reads the arguments of one command.
class ArgumentReader {
 public:
  explicit ArgumentReader(Command command) : spec_(command_spec(command)) {}

  Arguments read(const std::vector<std::string>& arguments) {
    for (const po::option& option : split_arguments(arguments, spec_.command)) {
      if (option.string_key.empty()) {
        for (const std::string& word : option.value) add_file(word);
      } else {
        add_option(option);
      }
    }
    return std::move(given_);
  }

 private:
  void add_file(const std::string& word) {
    const std::string what = "\"" + word + "\" is not an option";
    const std::string where = ": orrery help " + std::string(spec_.name) + " lists them";
    if (spec_.files.empty() || word.empty()) {
      const bool is_dash = word.starts_with('-');
      throw InputError(what + (is_dash ? ", which begin with two dashes" : " or the value of one") + where);
    }
    require_input(!word.starts_with('-'), what + where + " (a file of that name is ./" + word + ")");
    given_.files.emplace_back(word);
  }

  void add_option(const po::option& option) {
    const std::string& name = option.string_key;
    const OptionSpec* spec = find_option(name, spec_.command);
    if (spec == nullptr) refuse(name);
    const bool is_new = given_.options.emplace(name, value_of(option, *spec)).second;
    require_input(is_new, "--" + name + ": given more than once");
  }

  [[noreturn]] void refuse(const std::string& name) const {
    const std::string command(spec_.name);
    if (is_option(name)) {
      throw InputError("--" + name + " is not an option of orrery " + command + ": orrery help " + command +
                       " lists them");
    }
    throw InputError("--" + name + ": no such option" + did_you_mean(name, option_names(spec_.command), "--"));
  }

  // The value of an option; "true" for a switch without one.
  std::string value_of(const po::option& option, const OptionSpec& spec) {
    if (option.value.empty()) return "true";
    const std::string& value = option.value.front();
    // Boost takes the next word as the value, even if it is another option, or the file after a switch.
    const bool is_next_option = value.starts_with("--") && is_option(value.substr(2));
    require_input(!is_next_option, "--" + option.string_key + ": its value is missing: --" + option.string_key + " " +
                                       std::string(spec.argument));
    const bool is_next_word = option.original_tokens.size() > 1;
    if (!spec.is_switch() || !is_next_word || spec_.files.empty() || value == "true" || value == "false") return value;
    add_file(value);
    return "true";
  }

  const CommandSpec& spec_;
  Arguments given_;
};

}  // namespace

std::span<const CommandSpec> command_table() { return kCommands; }

const CommandSpec& command_spec(Command command) {
  const auto* spec =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const CommandSpec& c) { return c.command == command; });
  require(spec != kCommands.end(), "this command takes no options");
  return *spec;
}

Arguments read_arguments(const std::vector<std::string>& arguments, Command command) {
  return ArgumentReader(command).read(arguments);
}

}  // namespace orrery
