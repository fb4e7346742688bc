#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "app/job_file.h"
#include "app/option_table.h"
#include "app/options.h"

namespace orrery {
namespace {

constexpr std::size_t kTextColumn = 34;
constexpr std::size_t kLineWidth = 110;

struct GroupTitle {
  OptionGroup group;
  std::string_view title;
};

constexpr std::array kTitles{
    GroupTitle{OptionGroup::Files, "Files"}, GroupTitle{OptionGroup::Ranks, "Ranks and devices"},
    GroupTitle{OptionGroup::Sampling, "Sampling"}, GroupTitle{OptionGroup::Behaviour, "Behaviour"},
    GroupTitle{OptionGroup::RequestDefaults, "Defaults for what a manifest line leaves out"}};

constexpr std::string_view kOverview = R"(Orrery makes video with NVIDIA Cosmos3 checkpoints, on one GPU or on many.

  orrery run        make every clip of a manifest
  orrery validate   find, in seconds and without a GPU, what run would refuse
  orrery tokens     print the texts and the token ids that the model would read
  orrery --version  this build and the libraries in it

orrery COMMAND --help shows a command's options.

Exit codes: 0 all done; 1 some requests failed (OUT/results.jsonl says which and why); 2 bad usage, manifest or
checkpoint; 3 internal or device error.
)";

constexpr std::string_view kRun = R"(Usage: orrery run --checkpoint DIR --manifest FILE --out DIR [options]

Makes every clip of a manifest: latents in HDF5 under OUT/latents, videos under OUT/media, and one line a request in
OUT/results.jsonl. Run the same command again after an interruption: clips that are complete are skipped. Under mpirun
or srun, start cfg x tp ranks.
)";

constexpr std::string_view kRunExamples = R"(
Examples
  orrery run --checkpoint Cosmos3-Nano --manifest inputs/demo.jsonl --out out
  mpirun -n 8 orrery run --job jobs/nano-8gpu-720p.ini --checkpoint Cosmos3-Nano --manifest clips.jsonl --out out
  srun -n 8 orrery run --job jobs/super-8gpu-720p.ini --checkpoint Cosmos3-Super --manifest clips.jsonl --out out
)";

constexpr std::string_view kValidate = R"(Usage: orrery validate --checkpoint DIR --manifest FILE [--out DIR] [options]

Checks the manifest, the checkpoint's configuration and tensors, the texts' token ids and the output folder, loads no
weights and needs no GPU. It takes the options of run, so that a command can be checked before it waits in a queue:
replace the word run by validate, and leave out the launcher.
)";

constexpr std::string_view kValidateExamples = R"(
Examples
  orrery validate --checkpoint Cosmos3-Nano --manifest clips.jsonl
  orrery validate --job jobs/super-8gpu-720p.ini --checkpoint Cosmos3-Super --manifest clips.jsonl --out out
)";

constexpr std::string_view kTokens = R"(Usage: orrery tokens --checkpoint DIR --manifest FILE [options]

Prints one JSON line a request to standard output: id, caption, ids, negative_caption and negative_ids, exactly as the
model would read them. It takes the options of run and ignores those that change no text.
)";

constexpr std::string_view kTokensExamples = R"(
Examples
  orrery tokens --checkpoint Cosmos3-Nano --manifest inputs/demo.jsonl | head -n 1 | python3 -m json.tool
)";

// `text` from kTextColumn on, broken between words, behind `left` or below it.
std::string beside(const std::string& left, std::string_view text) {
  const bool fits = left.size() + 2 <= kTextColumn;
  std::string out = left + (fits ? std::string(kTextColumn - left.size(), ' ') : "\n" + std::string(kTextColumn, ' '));
  std::size_t column = kTextColumn;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column + end > kLineWidth) {
      out.back() = '\n';
      out.append(kTextColumn, ' ');
      column = kTextColumn;
    }
    out.append(text.substr(0, end)).append(" ");
    column += end + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out.back() = '\n';
  return out;
}

std::string option_line(const OptionSpec& spec) {
  std::string left = "  --" + std::string(spec.name);
  const std::optional<std::string> standard = spec.get(Options{});
  const bool is_off = spec.is_switch() && standard == "false";
  if (!spec.is_switch()) left.append(" ").append(spec.argument);
  if (spec.is_switch() && !is_off) left += " true|false";
  std::string text(spec.help);
  if (standard && !is_off) text += " [" + *standard + "]";
  return beside(left, text);
}

std::string all_options() {
  std::string out;
  for (const GroupTitle& title : kTitles) {
    out.append("\n").append(title.title).append("\n");
    for (const OptionSpec& spec : option_table()) {
      if (spec.group == title.group) out += option_line(spec);
    }
  }
  return out + "\nThe value in brackets is the default.\n";
}

}  // namespace

std::string help_text(Command command) {
  switch (command) {
    case Command::Run:
      return std::string(kRun) + all_options() + std::string(kRunExamples);
    case Command::Validate:
      return std::string(kValidate) + all_options() + std::string(kValidateExamples);
    case Command::Tokens:
      return std::string(kTokens) + all_options() + std::string(kTokensExamples);
    case Command::Help:
    case Command::Version:
      break;
  }
  return std::string(kOverview);
}

std::string dump_config(const Options& options) {
  std::string out = "# The options in effect, for orrery run --job FILE. A name behind # is not set.\n";
  for (const GroupTitle& title : kTitles) {
    out.append("\n# ").append(title.title).append("\n");
    for (const OptionSpec& spec : option_table()) {
      if (spec.group != title.group || !spec.in_job_file()) continue;
      const std::optional<std::string> value = spec.get(options);
      out.append(value ? "" : "# ").append(spec.name).append(" =");
      if (value && !value->empty()) out.append(" ").append(job_value(*value));
      out += "\n";
    }
  }
  return out;
}

}  // namespace orrery
