#include "app/cli/option_table.h"

#include <algorithm>
#include <array>

#include "app/cli/option_values.h"

namespace orrery {
namespace {

// `member` gives the option's place in Options, constant or not.
template <class Member>
OptionSpec option(CommandSet commands, OptionGroup group, std::string_view name, std::string_view argument,
                  std::string_view help, Member member) {
  return {commands,
          group,
          name,
          argument,
          help,
          [member](Options& options, const std::string& text) { read_value(text, member(options)); },
          [member](const Options& options) { return write_value(member(options)); }};
}

// validate, plan and tokens take the options of run, so that one command line or job file serves them all.
constexpr CommandSet kRun{Command::Run, Command::Validate, Command::Plan, Command::Tokens};
constexpr CommandSet kEncode{Command::Encode};
constexpr CommandSet kDecode{Command::Decode};
constexpr CommandSet kRunDecode{Command::Run, Command::Validate, Command::Plan, Command::Tokens, Command::Decode};
constexpr CommandSet kAll{Command::Run,    Command::Validate, Command::Plan,
                          Command::Tokens, Command::Encode,   Command::Decode};
constexpr CommandSet kBench{Command::Bench};
constexpr CommandSet kRunBench{Command::Run, Command::Validate, Command::Plan, Command::Tokens, Command::Bench};
constexpr CommandSet kAllBench{Command::Run,    Command::Validate, Command::Plan, Command::Tokens,
                               Command::Encode, Command::Decode,   Command::Bench};
constexpr CommandSet kPlan{Command::Plan};

constexpr CommandSet kInspect{Command::Inspect};
constexpr CommandSet kCompare{Command::Compare};
constexpr CommandSet kReport{Command::Report};
constexpr CommandSet kTellers{Command::Plan, Command::Inspect, Command::Compare, Command::Report};

constexpr OptionGroup kFiles = OptionGroup::Files;
constexpr OptionGroup kSize = OptionGroup::ClipSize;
constexpr OptionGroup kRanks = OptionGroup::Ranks;
constexpr OptionGroup kSampling = OptionGroup::Sampling;
constexpr OptionGroup kBehaviour = OptionGroup::Behaviour;
constexpr OptionGroup kRequest = OptionGroup::RequestDefaults;

constexpr std::array kGroups{
    OptionGroupTitle{OptionGroup::Files, "Files"},
    OptionGroupTitle{OptionGroup::ClipSize, "Size of the clip"},
    OptionGroupTitle{OptionGroup::Ranks, "Ranks and devices"},
    OptionGroupTitle{OptionGroup::Sampling, "Sampling"},
    OptionGroupTitle{OptionGroup::Behaviour, "Behaviour"},
    OptionGroupTitle{OptionGroup::RequestDefaults, "Defaults for what a manifest line leaves out"}};

auto make_table() {
  return std::array{
      option(
          kAll, kFiles, "checkpoint", "DIR",
          "the Cosmos3 checkpoint's folder; or random:tiny, random:nano, random:super or random:edge for random "
          "weights of that model's shapes, made in place, to try a machine before the files are there; with -4step "
          "behind the name those of the four-step checkpoint distilled from it",
          [](auto& o) -> auto& { return o.model.checkpoint; }),
      option(
          kBench, kFiles, "model", "tiny|nano|super|edge", "measure random weights of that model's shapes",
          [](auto& o) -> auto& { return o.random_model; }),
      option(
          kBench, kFiles, "distilled", "",
          "with --model: the four-step checkpoint distilled from it, whose steps have one branch; run takes it as "
          "random:NAME-4step",
          [](auto& o) -> auto& { return o.distilled; }),
      option(
          kBench, kFiles, "checkpoint", "DIR", "measure this checkpoint, in place of --model",
          [](auto& o) -> auto& { return o.model.checkpoint; }),
      option(
          kRun, kFiles, "manifest", "FILE", "the requests: JSON Lines, one clip a line",
          [](auto& o) -> auto& { return o.manifest; }),
      option(
          kRunDecode, kFiles, "out", "DIR", "where the results go; made when missing",
          [](auto& o) -> auto& { return o.output.folder; }),
      option(
          kEncode, kFiles, "out", "FILE.h5", "the latent file to write",
          [](auto& o) -> auto& { return o.output.folder; }),
      option(
          kRun, kFiles, "job", "FILE",
          "options from a job file, one \"name = value\" a line, # for comments; the command line wins; relative "
          "paths in it start at the current folder, like those of the command line",
          [](auto& o) -> auto& { return o.job; }),
      option(
          kRun, kFiles, "negative-prompt-file", "FILE", "takes the place of the built-in negative prompt",
          [](auto& o) -> auto& { return o.negative_prompt_file; }),
      option(
          kRunDecode, kFiles, "media", "mp4|none", "what to make beside the latents; mp4: of one frame a picture",
          [](auto& o) -> auto& { return o.output.media.video; }),
      option(
          kRunDecode, kFiles, "image-format", "png|jpg", "of pictures; jpg: of quality 95",
          [](auto& o) -> auto& { return o.output.media.picture; }),
      option(
          kRunDecode, kFiles, "crf", "N",
          "H.264 quality, from 1 (best; at 0, lossless, most players show black) to 51 (worst)",
          [](auto& o) -> auto& { return o.output.media.crf; }),
      option(
          kRunDecode, kFiles, "keep-frames", "",
          "leave the frames in OUT/frames/ID/ as well, as PNG, and the sound as WAV",
          [](auto& o) -> auto& { return o.output.media.keep_frames; }),
      option(
          kRunDecode, kFiles, "preview", "",
          "put twelve frames of each clip into one picture as well, OUT/media/ID.png",
          [](auto& o) -> auto& { return o.output.media.preview; }),
      option(
          kRun, kFiles, "timings", "", "write what each phase and each step of a clip took to OUT/timings/ID.json",
          [](auto& o) -> auto& { return o.output.timings; }),

      option(
          kEncode, kSize, "height", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.height; }),
      option(
          kEncode, kSize, "width", "PIXELS",
          "a multiple of 16; a picture of another shape is scaled to cover the clip, and its middle is taken",
          [](auto& o) -> auto& { return o.defaults.width; }),
      option(
          kEncode, kSize, "num-frames", "N",
          "frames to encode, from the first on: a multiple of 4, plus 1; not given: 1 of an image, of a video as many "
          "as fit that rule",
          [](auto& o) -> auto& { return o.encode_frames; }),

      option(
          kBench, kSize, "size", "720p|480p|256p|WxH", "of the clip: 1280x720, 832x480, 320x192 or pixels",
          [](auto& o) -> auto& { return o.bench_size; }),
      option(
          kBench, kSize, "frames", "N", "of the clip: a multiple of 4, plus 1",
          [](auto& o) -> auto& { return o.bench.frames; }),

      option(
          kRunBench, kRanks, "cfg", "1|2", "groups of ranks: with 2, each guidance branch has its own",
          [](auto& o) -> auto& { return o.grid.cfg; }),
      option(
          kRunBench, kRanks, "sp", "N",
          "ranks that share a clip's tokens, each with all weights of its tp rank, and exchange heads for attention",
          [](auto& o) -> auto& { return o.grid.sp; }),
      option(
          kRunBench, kRanks, "tp", "N",
          "ranks in a group, which share one copy of the weights; cfg x sp x tp ranks are started",
          [](auto& o) -> auto& { return o.grid.tp; }),
      option(
          kPlan, kRanks, "gpus", "N",
          "plan every --cfg, --sp and --tp that up to N GPUs allow, and say which is best; 0: the one given",
          [](auto& o) -> auto& { return o.plan.gpus; }),
      option(
          kPlan, kRanks, "gpu", "h100|h200", "the GPUs whose built-in memory and speed count",
          [](auto& o) -> auto& { return o.plan.gpu; }),
      option(
          kPlan, kRanks, "gpu-memory", "GB", "memory of a GPU for tensors, in 10^9 bytes; 0: what --gpu has",
          [](auto& o) -> auto& { return o.plan.gpu_memory; }),
      option(
          kPlan, kRanks, "profile", "FILE",
          "how fast a GPU is, as measured: the lines of orrery bench --json, of one run or of several",
          [](auto& o) -> auto& { return o.plan.profile; }),
      option(
          kAllBench, kRanks, "device", "auto|cpu|cuda",
          "where to compute; auto: on GPUs when every rank can have its own",
          [](auto& o) -> auto& { return o.device; }),
      option(
          kAllBench, kRanks, "dtype", "auto|float32|bfloat16",
          "what to compute in; auto: bfloat16 on GPUs, float32 on CPUs",
          [](auto& o) -> auto& { return o.model.dtype; }),
      option(
          kRunDecode, kRanks, "vae-split", "exact|tiles|none",
          "how the ranks share the decoding of a video; exact: strips of the picture that exchange their edges, for "
          "the "
          "pixels of one rank; tiles: apart, and blended where they overlap, which changes pixels; none: rank 0 alone",
          [](auto& o) -> auto& { return o.output.vae_split; }),
      option(
          kBench, kRanks, "vae-split", "exact|tiles|none",
          "how the ranks share the decoding, as run does; of tiles and none the convolutions of the largest part count",
          [](auto& o) -> auto& { return o.bench.vae_split; }),
      option(
          kRunBench, kRanks, "gemm", "bf16|fp8",
          "the media tower's matrix products; bf16: in what --dtype says; fp8: in 8 bits with a factor for each token "
          "and "
          "each channel, but for the first and the last layer: faster, with other latents",
          [](auto& o) -> auto& { return o.model.products; }),
      option(
          kRunBench, kRanks, "input-scales", "static|dynamic",
          "with --gemm fp8, how inputs of products are rounded; static: by the checkpoint's input_scale, where it has "
          "them; dynamic: each token by its own largest value",
          [](auto& o) -> auto& { return o.model.input_scales; }),
      option(
          kRunBench, kRanks, "attention", "bf16|fp8",
          "the media tower's attention; bf16: in what --dtype says; fp8: in 8 bits, by FlashAttention-3's kernel on "
          "GPUs, "
          "with queries and keys rotated and the values' mean taken out: faster, with other latents",
          [](auto& o) -> auto& { return o.model.attention_format; }),
      option(
          kRun, kRanks, "full-precision-steps", "A,B",
          "with --gemm fp8 or --attention fp8, compute the first A and the last B steps of a clip in what --dtype "
          "says, "
          "from the weights in 8 bits; 0,0: none; not given: as the checkpoint's config says, or 3,3",
          [](auto& o) -> auto& { return o.model.full_precision_steps; }),
      option(
          kRunBench, kRanks, "attention-kernel", "auto|fa3|cudnn",
          "what computes attention on a GPU in bfloat16; fa3: FlashAttention-3's kernel, for Hopper, which "
          "tools/setup.sh installs; cudnn: cuDNN's, about a tenth slower at 720p; auto: fa3 where every rank has "
          "it; the two round differently",
          [](auto& o) -> auto& { return o.model.attention; }),
      option(
          kRun, kRanks, "text-tower", "keep|release|auto",
          "release: the texts are computed first, then the text tower's memory is free for the media tower and its "
          "work: for models twice the size, at the price of a longer load; auto: release when both towers do not fit "
          "the GPU",
          [](auto& o) -> auto& { return o.model.text_tower; }),

      option(
          kRun, kSampling, "semantics", "native|seed",
          "native: as NVIDIA's own code; seed: schedule double_shift, a bare negative prompt, guidance only above 1",
          [](auto& o) -> auto& { return o.defaults.semantics; }),
      option(
          kRun, kSampling, "schedule", "native|double_shift|karras|auto",
          "noise levels of the steps; set by --semantics unless given; auto: as the checkpoint's scheduler_config.json "
          "says",
          [](auto& o) -> auto& { return o.model.schedule; }),

      option(
          kRun, kBehaviour, "shard", "I/N",
          "make part I, from 0 to N - 1, of the manifest shared out among N runs into the same OUT; not given: the "
          "place of this task in its Slurm job array, or else everything; 0/1: everything, in an array too",
          [](auto& o) -> auto& { return o.shard; }),
      option(
          kRun, kBehaviour, "on-error", "continue|stop", "what to do after a request that failed",
          [](auto& o) -> auto& { return o.on_error; }),
      option(
          kRun, kBehaviour, "check-prompt", "CMD",
          "a shell command that every request must pass before it is made: it gets the request as JSON on its standard "
          "input; exit code 0 passes, 10 refuses, with the first line of its output as the reason, any other fails the "
          "request",
          [](auto& o) -> auto& { return o.gates.prompt; }),
      option(
          kRun, kBehaviour, "check-media", "CMD",
          "a shell command that every video and picture must pass before it gets its name: it gets the file's path as "
          "its last argument; exit codes as for --check-prompt; of a clip that it refuses nothing is kept",
          [](auto& o) -> auto& { return o.gates.media; }),
      option(
          kRun, kBehaviour, "check-timeout", "SECONDS",
          "how long a check may take before it is stopped and its request fails",
          [](auto& o) -> auto& { return o.gates.seconds; }),
      option(
          kRun, kBehaviour, "force", "", "make clips again that are already complete, and begin unfinished ones anew",
          [](auto& o) -> auto& { return o.output.force; }),
      option(
          kRun, kBehaviour, "snapshot-every", "STEPS",
          "keep the state of an unfinished clip in OUT/snapshots every so many steps, beside the snapshot that every "
          "stop leaves; 0: only then",
          [](auto& o) -> auto& { return o.output.snapshot_every; }),
      option(
          kRun, kBehaviour, "stop-after-steps", "N",
          "stop after so many denoising steps, over all clips, as a signal would",
          [](auto& o) -> auto& { return o.stop_after_steps; }),
      option(
          kRun, kBehaviour, "time-limit", "HH:MM:SS",
          "stop early enough to be done by then, counted from the start; a Slurm job's own end is known without it",
          [](auto& o) -> auto& { return o.time_limit; }),
      option(
          kAllBench, kBehaviour, "rank-timeout", "SECONDS",
          "end the job when a rank gives no sign of life, or makes no progress, for so long; not given: ten times the "
          "longest step so far, and 120 at least; five times that in a clip's first step and outside of the steps, in "
          "loading, decoding and writing; 0: never; a rank whose process has ended ends the job in any case",
          [](auto& o) -> auto& { return o.rank_timeout; }),
      option(
          kBench, kBehaviour, "what", "PARTS",
          "what to measure, a comma between: step, vae, sound, collectives, load, ceilings; "
          "shares, which has to be asked for: what a rank of --sp 2, 4 and 8 does by itself; "
          "formats, which has to be asked for: what 8 bits of several kinds make of a layer's products",
          [](auto& o) -> auto& { return o.bench.parts; }),
      option(
          kBench, kBehaviour, "repeats", "N", "runs of each measurement; 0: as many as fit a few seconds, at least 3",
          [](auto& o) -> auto& { return o.bench.repeats; }),
      option(
          kBench, kBehaviour, "kernels", "N", "list the N kernels that take the most of a step, and of a decode",
          [](auto& o) -> auto& { return o.bench.kernels; }),
      option(
          kBench, kBehaviour, "drop-cache", "",
          "drop the checkpoint's files from the page cache before each load: how fast the disk is",
          [](auto& o) -> auto& { return o.bench.drop_cache; }),
      option(
          kBench, kBehaviour, "json", "", "JSON lines in place of the table", [](auto& o) -> auto& { return o.json; }),
      option(
          kTellers, kBehaviour, "json", "", "JSON, one object a line, in place of the text",
          [](auto& o) -> auto& { return o.json; }),
      option(
          kInspect, kFiles, "preview", "FILE.png",
          "also write the latent frames as a false-colour picture: no checkpoint is needed",
          [](auto& o) -> auto& { return o.preview; }),
      option(
          kCompare, kBehaviour, "tolerance", "X",
          "the largest difference of a value that still counts as the same: of latents in their units, of pictures and "
          "sound in "
          "steps of 255",
          [](auto& o) -> auto& { return o.tolerance; }),
      option(
          kReport, kBehaviour, "watch", "", "look again every five seconds, until nothing remains",
          [](auto& o) -> auto& { return o.watch; }),
      option(
          kRun, kBehaviour, "log-file", "FILE",
          "append what is said to this file as well, with date and time, also with --quiet",
          [](auto& o) -> auto& { return o.log_file; }),
      option(
          kAllBench, kBehaviour, "quiet", "", "warnings only, on standard error",
          [](auto& o) -> auto& { return o.quiet; }),
      option(
          kRun, kBehaviour, "verbose", "", "also every step, and the seconds of each clip's phases",
          [](auto& o) -> auto& { return o.verbose; }),
      option(
          kRun, kBehaviour, "dump-config", "", "print the options in effect as a job file, and do nothing else",
          [](auto& o) -> auto& { return o.dump_config; }),

      option(
          kRun, kRequest, "num-frames", "N", "frames of the clip: a multiple of 4, plus 1; 1: a picture",
          [](auto& o) -> auto& { return o.defaults.num_frames; }),
      option(
          kRun, kRequest, "chunk-frames", "N",
          "make longer clips in chunks of so many frames, each of which continues the one before: a multiple of 4, "
          "plus "
          "1; not given: every clip at once",
          [](auto& o) -> auto& { return o.defaults.chunk_frames; }),
      option(
          kRun, kRequest, "chunk-overlap", "N",
          "with --chunk-frames, frames with which a chunk repeats the end of the one before: a multiple of 4, plus 1",
          [](auto& o) -> auto& { return o.defaults.chunk_overlap; }),
      option(
          kRun, kRequest, "height", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.height; }),
      option(
          kRun, kRequest, "width", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.width; }),
      option(
          kRun, kRequest, "fps", "RATE", "frames per second", [](auto& o) -> auto& { return o.defaults.fps; }),
      option(
          kRun, kRequest, "steps", "N", "denoising steps, 1 to 1000; not given: 35, of a picture 50",
          [](auto& o) -> auto& { return o.defaults.asked_steps; }),
      option(
          kRun, kRequest, "guidance-scale", "X",
          "classifier-free guidance; 1: none, which halves the work; not given: 6, of a picture 4",
          [](auto& o) -> auto& { return o.defaults.asked_guidance_scale; }),
      option(
          kRun, kRequest, "guidance-interval", "LO,HI",
          "guide only the steps whose timestep lies between the two, from 0 to 1001: the others take half the work; "
          "not given: all",
          [](auto& o) -> auto& { return o.defaults.guidance_interval; }),
      option(
          kRun, kRequest, "normalize-cfg", "",
          "shorten guided velocities to the length of the conditional ones, where they are longer",
          [](auto& o) -> auto& { return o.defaults.normalize_cfg; }),
      option(
          kRun, kRequest, "step-cache", "THRESHOLD",
          "leave out the layers in steps before which the latents have changed by less than this in all since they "
          "were last computed, and add what they added then: 0.25 makes a clip in half the time, with other latents; "
          "0: never",
          [](auto& o) -> auto& { return o.defaults.step_cache.threshold; }),
      option(
          kRun, kRequest, "step-cache-skips", "N",
          "with --step-cache, leave them out in so many steps in a row at most; 0: no limit",
          [](auto& o) -> auto& { return o.defaults.step_cache.skips; }),
      option(
          kRun, kRequest, "step-cache-order", "N",
          "with --step-cache, extrapolate what they would add by a polynomial of this order, 0 to 2, through the last "
          "steps that computed them; 0: what they added last, 1: as NVIDIA's program and vLLM-Omni do",
          [](auto& o) -> auto& { return o.defaults.step_cache.order; }),
      option(
          kRun, kRequest, "flow-shift", "X", "above 1: more of the steps at high noise; not given: 10, of a picture 3",
          [](auto& o) -> auto& { return o.defaults.asked_flow_shift; }),
      option(
          kRun, kRequest, "seed", "N", "of the starting noise, 0 to 4294967295",
          [](auto& o) -> auto& { return o.defaults.seed; }),
      option(
          kRun, kRequest, "negative-prompt", "TEXT", "what to keep away from; \"\" for no words",
          [](auto& o) -> auto& { return o.defaults.negative_prompt; }),
      option(
          kRun, kRequest, "aspect-ratio", "W,H", "told to the model in JSON prompts, for example 16,9",
          [](auto& o) -> auto& { return o.defaults.aspect_ratio; }),
      option(
          kRun, kRequest, "append-metadata", "", "tell the model the clip's length, rate and size",
          [](auto& o) -> auto& { return o.defaults.append_metadata; }),
      option(
          kRun, kRequest, "sound", "", "make sound as well, with checkpoints that can",
          [](auto& o) -> auto& { return o.defaults.sound; }),
  };
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
