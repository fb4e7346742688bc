#include <array>

#include "app/cli/help.h"

namespace orrery {
namespace {

constexpr std::array kTellingCodes{HelpEntry{"0", "done"}, HelpEntry{"2", "bad usage, or an input that cannot be read"},
                                   HelpEntry{"3", "internal error"}};

constexpr std::string_view kInspectText =
    R"(Shows the content of latent files and snapshots: request, model, state and sampler position, every dataset with
its shape and its size on disk, and statistics of each channel with the number of values that are not finite. Several
files are shown as a table.

Reads everything, so checksums are verified. Files of an active run may be inspected. Files that cannot be read are
named at the end, with exit code 2.)";

constexpr std::array kInspectFiles{HelpEntry{"FILE.png", "with --preview: the latent frames in false colours"}};

constexpr std::array kInspectExamples{
    HelpEntry{"All clips of a run in a table:", "orrery inspect out/latents/*.h5"},
    HelpEntry{"The content of one, and a picture of it:", "orrery inspect --preview street.png out/latents/street.h5"},
    HelpEntry{"For programs:", "orrery inspect --json out/snapshots/street.h5 | python3 -m json.tool"}};

constexpr std::string_view kCompareText =
    R"(Measures the difference of B from A, two latent files, or two images or videos, whose pictures and sounds are
compared: the largest difference, the root mean square relative to A's, the PSNR, and the first frame, or sample of
sound, that differs.)";

constexpr std::array kCompareCodes{
    HelpEntry{"0", "no value differs by more than --tolerance"},
    HelpEntry{"1", "a value differs by more, or one video has more frames or sound than the other"},
    HelpEntry{"2", "the files cannot be read, or cannot be compared"}, HelpEntry{"3", "internal error"}};

constexpr std::array kCompareExamples{
    HelpEntry{"Latents of one GPU and of two:", "orrery compare one/latents/a.h5 two/latents/a.h5 --tolerance 1e-3"},
    HelpEntry{"Two videos, for programs:", "orrery compare --json before/media/a.mp4 after/media/a.mp4"}};

constexpr std::string_view kReportText =
    R"(Sums up the records of all runs and shards in a folder: what is done, failed (grouped by reason) and left, GPU
hours, time by phase and clips finished per hour. It may be used during runs, from any host that sees the folder.)";

constexpr std::array kReportExamples{HelpEntry{"Once:", "orrery report out"},
                                     HelpEntry{"Until nothing remains:", "orrery report --watch out"},
                                     HelpEntry{"For programs:", "orrery report --json out | python3 -m json.tool"}};

constexpr std::string_view kPlanText =
    R"(Estimates what a manifest needs, in a second and without a GPU: tokens, floating-point operations, memory of
each GPU, bytes sent between GPUs, seconds per clip and GPU hours, for the given ranks or, with --gpus, for all
possible --cfg, --sp and --tp; names those that make the most clips per GPU hour, and those that finish a clip first.

Speeds are built in for two kinds of GPUs, or come from the output of orrery bench --json on the machine in question.
It takes the options of run.)";

constexpr std::array kPlanExamples{
    HelpEntry{"The best use of up to eight GPUs:",
              "orrery plan --checkpoint Cosmos3-Nano --manifest clips.jsonl --gpus 8"},
    HelpEntry{"Before the weights are there, for programs:",
              R"(orrery plan --checkpoint random:super --manifest clips.jsonl \
  --gpu h100 --gpus 16 --gemm fp8 --json)"},
    HelpEntry{"For your own machine:", R"(orrery bench --model nano --size 720p --json > profile.jsonl
orrery plan --checkpoint Cosmos3-Nano --manifest clips.jsonl \
  --cfg 2 --tp 4 --profile profile.jsonl)"}};

constexpr std::string_view kBenchText =
    R"(Measures a denoising step, the decoders, the collectives and loading at a clip's true size, and in the same run
each operation by itself, as the ceiling of what is possible. Prints a table, or JSON lines that also have the ranks,
the device, its clocks and the versions. Writes no files.

Under mpirun or srun, start cfg x sp x tp ranks; times are those of the slowest rank.)";

constexpr std::array kBenchVariables{
    HelpEntry{"CUDA_VISIBLE_DEVICES", "the GPUs that may be used; rank 0 of a node takes the first"},
    HelpEntry{"OMP_NUM_THREADS", "the most threads of a rank; default: its share of the cores"},
    HelpEntry{"ORRERY_FA3", "FlashAttention-3's library, as for run"}};

constexpr std::array kBenchExamples{
    HelpEntry{"A 720p clip on one GPU:", "orrery bench --model nano --size 720p --frames 189"},
    HelpEntry{"Parts of it on eight GPUs, with the slowest kernels:",
              R"(mpirun -n 8 orrery bench --model super --cfg 2 --tp 4 \
  --what step,collectives,ceilings --kernels 20 --json)"},
    HelpEntry{"How fast a checkpoint is read from disk:",
              "orrery bench --checkpoint Cosmos3-Nano --what load --drop-cache"}};

constexpr std::string_view kCompletionText =
    "Prints a script that completes commands, options and their values in bash.";

constexpr std::array kCompletionExamples{HelpEntry{"In this shell:", "source <(orrery completion bash)"},
                                         HelpEntry{"In every shell:", R"(orrery completion bash \
  > ~/.local/share/bash-completion/completions/orrery)"}};

constexpr std::array kTellingPages{HelpPage{Command::Inspect,
                                            "show the content of latent files",
                                            "[OPTION…] FILE.h5…",
                                            kInspectText,
                                            kInspectFiles,
                                            kTellingCodes,
                                            {},
                                            kInspectExamples,
                                            "orrery compare; src/io/latents/README.md for the format"},
                                   HelpPage{Command::Compare,
                                            "measure the difference of two latent files or two videos",
                                            "[OPTION…] A B",
                                            kCompareText,
                                            {},
                                            kCompareCodes,
                                            {},
                                            kCompareExamples,
                                            "orrery inspect"},
                                   HelpPage{Command::Report,
                                            "sum up what the runs in a folder have made, and what is left",
                                            "[OPTION…] OUT",
                                            kReportText,
                                            {},
                                            kTellingCodes,
                                            {},
                                            kReportExamples,
                                            "orrery run, orrery inspect"},
                                   HelpPage{Command::Plan,
                                            "estimate the memory and time that a manifest needs",
                                            "--checkpoint DIR --manifest FILE [--gpus N] [OPTION…]",
                                            kPlanText,
                                            {},
                                            kTellingCodes,
                                            {},
                                            kPlanExamples,
                                            "orrery bench, orrery validate"},
                                   HelpPage{Command::Bench,
                                            "measure a machine: steps, decoding and their ceilings",
                                            "--model tiny|nano|super [OPTION…]\n--checkpoint DIR [OPTION…]",
                                            kBenchText,
                                            {},
                                            kTellingCodes,
                                            kBenchVariables,
                                            kBenchExamples,
                                            "tools/results/README.md for figures measured with it"},
                                   HelpPage{Command::Completion,
                                            "print the completion of commands and options for bash",
                                            "bash",
                                            kCompletionText,
                                            {},
                                            kTellingCodes,
                                            {},
                                            kCompletionExamples,
                                            ""}};

}  // namespace

std::span<const HelpPage> telling_pages() { return kTellingPages; }

}  // namespace orrery
