#include "app/cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/job_file.h"
#include "app/cli/option_table.h"
#include "app/manifest/request_rules.h"
#include "base/core/choice.h"
#include "base/core/error.h"
#include "base/core/file_content.h"
#include "base/core/numbers.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

// The names of options in messages: "--height", or "job.ini:3: height" when the job file set it.
using Origins = std::map<std::string, std::string, std::less<>>;

std::string label(const Origins& origins, const std::string& name) {
  const auto found = origins.find(name);
  return found == origins.end() ? "--" + name : found->second;
}

Command parse_command(const std::string& word) {
  if (word == "help" || word == "--help" || word == "-h") return Command::Help;
  if (word == "--version") return Command::Version;
  std::vector<std::string_view> known{"help", "--help", "--version"};
  for (const CommandSpec& spec : command_table()) {
    if (spec.name == word) return spec.command;
    known.push_back(spec.name);
  }
  throw InputError(
      fmt::format("\"{}\" is not a command{}: orrery --help lists the commands", word, did_you_mean(word, known)));
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
    text = read_text_file(path);
  } catch (const InputError& e) {
    throw InputError(std::string("--job: ") + e.what());
  }
  for (const JobEntry& entry : parse_job_file(text, path)) {
    const std::string where = fmt::format("{}:{}: {}", path, entry.line, entry.name);
    const OptionSpec* spec = find_option(entry.name, options.command);
    require_input(spec != nullptr,
                  where + ": no such option" + did_you_mean(entry.name, option_names(options.command)));
    require_input(spec->in_job_file(), where + ": belongs on the command line, not in a job file");
    origins[entry.name] = where;
    set(options, *spec, entry.value, origins);
  }
}

Origins set_given(const Arguments& given, Options& options) {
  Origins origins;
  const auto job = given.options.find("job");
  if (job != given.options.end()) read_job_file(job->second, options, origins);
  for (const auto& [name, value] : given.options) {
    origins[name] = "--" + name;
    set(options, *find_option(name, options.command), value, origins);
  }
  options.files = given.files;
  if (options.defaults.semantics == Semantics::Seed && !origins.contains("schedule")) {
    options.model.schedule = ScheduleChoice::DoubleShift;
  }
  return origins;
}

void require_between(std::int64_t value, std::int64_t low, std::int64_t high, const std::string& name) {
  require_input(low <= value && value <= high, fmt::format("{}: {} is outside {} to {}", name, value, low, high));
}

void check_defaults(const Request& defaults, const Origins& origins) {
  for (const FieldProblem& problem : check_request(defaults)) {
    std::string name = problem.field;
    std::replace(name.begin(), name.end(), '_', '-');
    throw InputError(label(origins, name) + ": " + problem.reason);
  }
  if (defaults.negative_prompt) require_utf8(*defaults.negative_prompt, label(origins, "negative-prompt"));
}

// The shell takes an empty command for one that succeeds: everything would pass a check that nobody makes.
void require_command(const std::optional<std::string>& command, const std::string& name) {
  const bool blank = command && command->find_first_not_of(" \t\r\n") == std::string::npos;
  require_input(!blank, name + ": the command is empty: give one, or leave the option out");
}

void check_values(const Options& o, const Origins& origins) {
  require_between(o.output.media.crf, 1, 51, label(origins, "crf"));
  require_between(o.grid.cfg, 1, 2, label(origins, "cfg"));
  require_between(o.grid.sp, 1, 1024, label(origins, "sp"));
  require_between(o.grid.tp, 1, 1024, label(origins, "tp"));
  require_input(o.tolerance >= 0, label(origins, "tolerance") + ": " + number_text(o.tolerance) + " is below 0");
  require_between(o.plan.gpus, 0, 100'000, label(origins, "gpus"));
  require_input(o.plan.gpu_memory >= 0,
                label(origins, "gpu-memory") + ": " + number_text(o.plan.gpu_memory) + " is below 0");
  require_between(o.output.snapshot_every, 0, 1000, label(origins, "snapshot-every"));
  if (o.stop_after_steps) require_between(*o.stop_after_steps, 1, 1'000'000'000, label(origins, "stop-after-steps"));
  if (o.rank_timeout.value_or(0) != 0) require_between(*o.rank_timeout, 5, 1'000'000, label(origins, "rank-timeout"));
  require_between(o.gates.seconds, 1, 86'400, label(origins, "check-timeout"));
  require_command(o.gates.prompt, label(origins, "check-prompt"));
  require_command(o.gates.media, label(origins, "check-media"));
  require_input(!o.gates.media || o.output.media.video != Media::None,
                label(origins, "check-media") + ": with --media none there is no file to check");
  require_input(!o.model.full_precision_steps || o.model.in_8_bits(),
                label(origins, "full-precision-steps") +
                    ": without --gemm fp8 or --attention fp8 all steps are in full precision: give one of these two, "
                    "or leave it out");
  require_input(!o.time_limit || o.time_limit->count() > 0, label(origins, "time-limit") + ": no time is left");
  require_input(!(o.quiet && o.verbose), label(origins, "verbose") + ": excludes --quiet");
  require_input(!o.defaults.negative_prompt || o.negative_prompt_file.empty(),
                label(origins, "negative-prompt-file") + ": excludes --negative-prompt");
  Request clip = o.defaults.of(o.defaults.num_frames);
  if (o.command == Command::Encode) clip.num_frames = o.encode_frames.value_or(1);
  check_defaults(clip, origins);
}

void check_encode(const Options& o) {
  require_input(o.output.folder.extension() == ".h5",
                fmt::format("--out: {} does not end in .h5: it is one latent file", o.output.folder.string()));
}

void check_decode(const Options& o) {
  require_input(o.output.media.wanted(),
                "--media: none leaves nothing to make: give --keep-frames or --preview, or leave --media out");
  std::map<std::string, std::filesystem::path, std::less<>> by_name;
  for (const std::filesystem::path& file : o.files) {
    const auto [first, is_new] = by_name.emplace(file.stem().string(), file);
    require_input(is_new,
                  fmt::format("{}: has the name of {}, and the results are named after the files: decode one of "
                              "them into another --out",
                              file.string(), first->second.string()));
  }
}

void check_inspect(const Options& o) {
  require_input(o.preview.empty() || o.files.size() == 1,
                fmt::format("--preview: the picture of one file, but {} are given", o.files.size()));
}

void check_completion(const Options& o) {
  require_input(o.files.front() == "bash", o.files.front().string() + ": no such shell here, expected bash");
}

void check_bench(Options& o) {
  require_input((o.random_model != ModelName::None) != !o.model.checkpoint.empty(),
                "--model NAME or --checkpoint DIR says what to measure: give one of them");
  require_input(!o.distilled || o.random_model != ModelName::None,
                "--distilled: needs --model NAME; the files of a checkpoint say whether it is a few-step one");
  require_between(o.bench.repeats, 0, 1000, "--repeats");
  require_between(o.bench.kernels, 0, 1000, "--kernels");
  o.bench.clip.width = o.bench_size.width;
  o.bench.clip.height = o.bench_size.height;
  for (const FieldProblem& problem : check_request(o.bench.clip)) {
    throw InputError((problem.field == "num_frames" ? "--frames: " : "--size: " + problem.field + ": ") +
                     problem.reason);
  }
}

void check_required(const Options& o, const Origins& origins) {
  const CommandSpec& command = command_spec(o.command);
  const char* or_job_file = find_option("job", o.command) != nullptr ? ", here or in a job file" : "";
  const auto given = [&](std::string_view what, bool present) {
    require_input(present, fmt::format("{0} is missing: orrery {1} needs it{2} (orrery {1} --help)", what, command.name,
                                       or_job_file));
  };
  for (const std::string_view option : command.required) {
    given(fmt::format("--{} {}", option, find_option(option, o.command)->argument), origins.contains(option));
  }
  if (command.files.empty()) return;
  given(command.files, o.files.size() >= command.min_files);
  require_input(o.files.size() <= command.max_files, fmt::format("{}: one file too many: orrery {} takes {}",
                                                                 o.files.back().string(), command.name, command.files));
}

// The command whose help is requested, as in "--help", "help", "help run" and "run --help"; Command::Help for the
// overview; none otherwise.
std::optional<Command> help_wanted(Command command, const std::vector<std::string>& rest) {
  if (command == Command::Help && !rest.empty() && !rest.front().starts_with('-')) {
    require_input(rest.size() == 1, "help takes one command: orrery help lists them");
    return parse_command(rest.front());
  }
  const bool asked =
      std::any_of(rest.begin(), rest.end(), [](const std::string& a) { return a == "--help" || a == "-h"; });
  return asked || command == Command::Help ? std::optional(command) : std::nullopt;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
  require_input(!arguments.empty(), "a command is missing: orrery --help lists the commands");
  Options options;
  options.command = parse_command(arguments.front());
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (const std::optional<Command> wanted = help_wanted(options.command, rest)) {
    options.command = *wanted;
    options.help = true;
    return options;
  }
  if (options.command == Command::Version) {
    require_input(rest.empty(), "--version takes no other options");
    return options;
  }
  const Origins origins = set_given(read_arguments(rest, options.command), options);
  check_values(options, origins);
  if (!options.dump_config) check_required(options, origins);
  if (options.command == Command::Encode) check_encode(options);
  if (options.command == Command::Decode) check_decode(options);
  if (options.command == Command::Bench) check_bench(options);
  if (options.command == Command::Inspect) check_inspect(options);
  if (options.command == Command::Completion) check_completion(options);
  return options;
}

}  // namespace orrery
