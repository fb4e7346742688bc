#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "app/commands.h"
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

constexpr std::array kTitles{GroupTitle{OptionGroup::Files, "Files"},
                             GroupTitle{OptionGroup::ClipSize, "Size of the clip"},
                             GroupTitle{OptionGroup::Ranks, "Ranks and devices"},
                             GroupTitle{OptionGroup::Sampling, "Sampling"},
                             GroupTitle{OptionGroup::Behaviour, "Behaviour"},
                             GroupTitle{OptionGroup::RequestDefaults, "Defaults for what a manifest line leaves out"}};

constexpr std::string_view kOverview =
    R"(Orrery makes video and sound with NVIDIA Cosmos3 checkpoints, on one GPU or on many.

  orrery run        make every clip of a manifest
  orrery validate   find, in seconds and without a GPU, what run would refuse
  orrery tokens     print the texts and the token ids that the model would read
  orrery encode     turn an image or a video into a latent file
  orrery decode     turn latent files into media again
  orrery inspect    show what is in latent files
  orrery compare    say how far two latent files, or two videos, are apart
  orrery report     sum up what the runs in a folder have made, and what is left
  orrery bench      measure a machine: a step, a decode, and what they could take at best
  orrery completion print the completion of these commands and options for bash
  orrery --version  this build and the libraries in it

orrery COMMAND --help shows a command's options.

Exit codes: 0 all done; 1 some requests failed (OUT/results.jsonl says which and why); 2 bad usage, manifest or
checkpoint; 3 internal or device error; 75 stopped on request: the same command goes on.
)";

constexpr std::string_view kRun = R"(Usage: orrery run --checkpoint DIR --manifest FILE --out DIR [options]

Makes every clip of a manifest: latents in HDF5 under OUT/latents, videos under OUT/media, and one line a request in
OUT/results.jsonl. Run the same command again after an interruption: clips that are complete are skipped, and a clip
that was begun goes on from its snapshot. SIGUSR1, SIGTERM and SIGINT stop at the next step and leave with 75. Under
mpirun or srun, start cfg x tp ranks.
)";

constexpr std::string_view kRunExamples = R"(
Examples
  orrery run --checkpoint Cosmos3-Nano --manifest inputs/demo.jsonl --out out
  mpirun -n 8 orrery run --job jobs/nano-8gpu-720p.ini --checkpoint Cosmos3-Nano --manifest clips.jsonl --out out
  srun -n 8 orrery run --job jobs/super-8gpu-720p.ini --checkpoint Cosmos3-Super --manifest clips.jsonl --out out
  srun -n 8 orrery run --job jobs/super-8gpu-720p.ini --checkpoint random:super --manifest clips.jsonl --out trial
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

constexpr std::string_view kEncode =
    R"(Usage: orrery encode --checkpoint DIR --out FILE.h5 --height PIXELS --width PIXELS [options] IMAGE|VIDEO

Encodes an image or a video with the checkpoint's video VAE into a latent file, which a manifest line can continue
(condition_latents), decode can show, and any HDF5 reader can open. Runs on one rank, without a launcher.
)";

constexpr std::string_view kEncodeExamples = R"(
Examples
  orrery encode --checkpoint Cosmos3-Nano --out street.h5 --height 720 --width 1280 street.png
  orrery encode --checkpoint Cosmos3-Nano --out drive.h5 --height 480 --width 832 --num-frames 17 drive.mp4
)";

constexpr std::string_view kDecode = R"(Usage: orrery decode --checkpoint DIR --out DIR [options] FILE.h5…

Decodes latent files of run or encode, or of other programs that write the same format, into videos under OUT/media,
with sound where a file has it. No transformer is loaded. Under mpirun or srun all ranks decode together, and rank 0
writes.
)";

constexpr std::string_view kDecodeExamples = R"(
Examples
  orrery decode --checkpoint Cosmos3-Nano --out again out/latents/wet-crossing.h5
  orrery decode --checkpoint Cosmos3-Nano --out again --media none --keep-frames out/latents/*.h5
  mpirun -n 2 orrery decode --checkpoint Cosmos3-Nano --out again out/latents/wet-crossing.h5
)";

constexpr std::string_view kBench =
    R"(Usage: orrery bench --model tiny|nano|super | --checkpoint DIR [options]

Measures a denoise step, the decoders, the collectives and loading at a clip's true size, and in the same run what the
machine does with each operation alone, so that every figure has its share of the possible beside it. Prints a table,
or JSON lines that also have the topology, the device, its clocks and the versions. Nothing is written. Under mpirun or
srun, start cfg x tp ranks; times are the slowest rank's.
)";

constexpr std::string_view kBenchExamples = R"(
Examples
  orrery bench --model nano --size 720p --frames 189
  mpirun -n 8 orrery bench --model super --cfg 2 --tp 4 --what step,collectives,ceilings --kernels 20 --json
  orrery bench --checkpoint Cosmos3-Nano --what load --drop-cache
)";

constexpr std::string_view kInspect = R"(Usage: orrery inspect [options] FILE.h5…

Shows what is in latent files and snapshots: request, model, state and sampler position, every dataset with its shape
and its size on disk, and statistics of each channel with the values that are not finite. Several files become a table.
Everything is read, so checksums are verified. The files of a run at work may be looked at. What cannot be read is named
at the end, with exit code 2.
)";

constexpr std::string_view kInspectExamples = R"(
Examples
  orrery inspect out/latents/*.h5
  orrery inspect --preview wet-crossing.png out/latents/wet-crossing.h5
  orrery inspect --json out/snapshots/wet-crossing.h5 | python3 -m json.tool
)";

constexpr std::string_view kCompare = R"(Usage: orrery compare [options] A B

Says how far B is from A, which may be two latent files or two images or videos, whose pictures are compared: the
largest difference, the root of the mean square relative to A's, the PSNR, and the first frame that differs. The
exit code is 1 when a value differs by more than --tolerance or a video has more frames than the other, and 2 when the
files cannot be compared.
)";

constexpr std::string_view kCompareExamples = R"(
Examples
  orrery compare one-gpu/latents/a.h5 two-gpus/latents/a.h5 --tolerance 1e-3
  orrery compare --json before/media/a.mp4 after/media/a.mp4
)";

constexpr std::string_view kReport = R"(Usage: orrery report [options] OUT

Sums up the records of all runs and shards in a folder: what is done, failed (grouped by reason) and left, GPU hours,
where the time went and how many clips an hour were finished. It may be used while they work, from any host that sees
the folder.
)";

constexpr std::string_view kReportExamples = R"(
Examples
  orrery report out
  orrery report --watch out
  orrery report --json out | python3 -m json.tool
)";

constexpr std::string_view kCompletion = R"(Usage: orrery completion bash

Prints a script that completes commands, options and their values.
)";

constexpr std::string_view kCompletionExamples = R"(
Examples
  source <(orrery completion bash)
  orrery completion bash > ~/.local/share/bash-completion/completions/orrery
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

bool is_required(const OptionSpec& spec, Command command) {
  const auto required = command_spec(command).required;
  return std::find(required.begin(), required.end(), spec.name) != required.end();
}

std::string option_line(const OptionSpec& spec, Command command) {
  std::string left = "  --" + std::string(spec.name);
  const std::optional<std::string> standard = is_required(spec, command) ? std::nullopt : spec.get(Options{});
  const bool is_off = spec.is_switch() && standard == "false";
  if (!spec.is_switch()) left.append(" ").append(spec.argument);
  if (spec.is_switch() && !is_off) left += " true|false";
  std::string text(spec.help);
  if (standard && !is_off) text += " [" + *standard + "]";
  return beside(left, text);
}

std::string options_of(Command command) {
  std::string out;
  for (const GroupTitle& title : kTitles) {
    std::string lines;
    for (const OptionSpec& spec : option_table()) {
      if (spec.group == title.group && spec.commands.contains(command)) lines += option_line(spec, command);
    }
    if (!lines.empty()) out.append("\n").append(title.title).append("\n").append(lines);
  }
  return out + "\nThe value in brackets is the default.\n";
}

}  // namespace

std::string help_text(Command command) {
  const auto page = [&](std::string_view usage, std::string_view examples) {
    return std::string(usage) + options_of(command) + std::string(examples);
  };
  switch (command) {
    case Command::Run:
      return page(kRun, kRunExamples);
    case Command::Validate:
      return page(kValidate, kValidateExamples);
    case Command::Tokens:
      return page(kTokens, kTokensExamples);
    case Command::Encode:
      return page(kEncode, kEncodeExamples);
    case Command::Decode:
      return page(kDecode, kDecodeExamples);
    case Command::Bench:
      return page(kBench, kBenchExamples);
    case Command::Inspect:
      return page(kInspect, kInspectExamples);
    case Command::Compare:
      return page(kCompare, kCompareExamples);
    case Command::Report:
      return page(kReport, kReportExamples);
    case Command::Completion:
      return std::string(kCompletion) + std::string(kCompletionExamples);
    case Command::Help:
    case Command::Version:
      break;
  }
  return std::string(kOverview);
}

std::string dump_config(const Options& options) {
  std::string out = "# The options in effect, for orrery run --job FILE. A name behind # is not set.\n";
  for (const GroupTitle& title : kTitles) {
    std::string lines;
    for (const OptionSpec& spec : option_table()) {
      if (spec.group != title.group || !spec.in_job_file() || !spec.commands.contains(Command::Run)) continue;
      const std::optional<std::string> value = spec.get(options);
      lines.append(value ? "" : "# ").append(spec.name).append(" =");
      if (value && !value->empty()) lines.append(" ").append(job_value(*value));
      lines += "\n";
    }
    if (!lines.empty()) out.append("\n# ").append(title.title).append("\n").append(lines);
  }
  return out;
}

}  // namespace orrery
