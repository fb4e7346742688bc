#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> size_options() {
  return {
      option(
          kEncode, "height", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.height; }),
      option(
          kEncode, "width", "PIXELS",
          "a multiple of 16; a picture of another shape is scaled to cover the clip and is cropped around its centre",
          [](auto& o) -> auto& { return o.defaults.width; }),
      option(
          kEncode, "num-frames", "N",
          "frames to encode, from the first on: a multiple of 4, plus 1; "
          "not given: 1 for an image, for a video the largest such number",
          [](auto& o) -> auto& { return o.encode_frames; }),
      option(
          kBench, "size", "720p|480p|256p|WxH", "size of the clip: 1280x720, 832x480, 320x192 or pixels",
          [](auto& o) -> auto& { return o.bench_size; }),
      option(
          kBench, "frames", "N", "frames of the clip: a multiple of 4, plus 1",
          [](auto& o) -> auto& { return o.bench.clip.num_frames; })};
}

std::vector<OptionSpec> sampling_options() {
  return {
      option(
          kRun, "semantics", "native|seed",
          "native: like NVIDIA's own code; seed: schedule double_shift, a bare negative prompt, guidance only above 1",
          [](auto& o) -> auto& { return o.defaults.semantics; }),
      option(
          kRun, "schedule", "native|double_shift|karras|auto",
          "noise levels of the steps; set by --semantics unless given; "
          "auto: as in the checkpoint's scheduler_config.json",
          [](auto& o) -> auto& { return o.model.schedule; })};
}

std::vector<OptionSpec> behaviour_options() {
  return {
      option(
          kRun, "shard", "I/N",
          "make part I, from 0 to N - 1, of the manifest, divided among N runs into the same OUT; "
          "not given: by this task's position in its Slurm job array, or else everything; "
          "0/1: everything, in an array too",
          [](auto& o) -> auto& { return o.shard; }),
      option(
          kRun, "on-error", "continue|stop", "what to do after a request that failed",
          [](auto& o) -> auto& { return o.on_error; }),
      option(
          kRun, "check-prompt", "CMD",
          "a shell command that every request must pass before it is made: "
          "it gets the request as JSON on its standard input; "
          "exit code 0 passes; 10 refuses, with the first line of its output as the reason; "
          "any other code fails the request",
          [](auto& o) -> auto& { return o.gates.prompt; }),
      option(
          kRun, "check-media", "CMD",
          "a shell command that every video and picture must pass before it gets "
          "its name: it gets the file's path as its last argument; "
          "exit codes as for --check-prompt; nothing is kept of a clip that it refuses",
          [](auto& o) -> auto& { return o.gates.media; }),
      option(
          kRun, "check-timeout", "SECONDS", "how long a check may take before it is stopped and its request fails",
          [](auto& o) -> auto& { return o.gates.seconds; }),
      option(
          kRun, "force", "", "make clips again that are already complete, and begin unfinished ones anew",
          [](auto& o) -> auto& { return o.output.force; }),
      option(
          kRun, "snapshot-every", "STEPS",
          "steps between snapshots of an unfinished clip in OUT/snapshots; a stop always leaves a snapshot; "
          "0: only a stop does",
          [](auto& o) -> auto& { return o.output.snapshot_every; }),
      option(
          kRun, "stop-after-steps", "N", "stop after N denoising steps of this run, over all clips, as at a signal",
          [](auto& o) -> auto& { return o.stop_after_steps; }),
      option(
          kRun, "time-limit", "HH:MM:SS",
          "stop early enough to be done within this time from the start; a Slurm job's own end is known without it",
          [](auto& o) -> auto& { return o.time_limit; }),
      option(
          kAllBench, "rank-timeout", "SECONDS",
          "end the job when a rank sends no report, or makes no progress, for this long; "
          "not given: ten times the longest step so far, and at least 120; "
          "five times that in a clip's first step, and in loading, decoding and writing; 0: never; "
          "the job always ends when a rank's process has ended",
          [](auto& o) -> auto& { return o.rank_timeout; }),
      option(
          kBench, "what", "PARTS",
          "what to measure, separated by commas: step, vae, sound, collectives, load, ceilings; "
          "only on request: shares (the work of one rank of --sp 2, 4 and 8) "
          "and formats (a layer's products in several 8-bit formats)",
          [](auto& o) -> auto& { return o.bench.parts; }),
      option(
          kBench, "repeats", "N", "runs of each measurement; 0: as many as fit a few seconds, at least 3",
          [](auto& o) -> auto& { return o.bench.repeats; }),
      option(
          kBench, "kernels", "N", "list the N kernels that take the most time in a step, and in a decode",
          [](auto& o) -> auto& { return o.bench.kernels; }),
      option(
          kBench, "drop-cache", "",
          "drop the checkpoint's files from the page cache before each load, to measure the disk",
          [](auto& o) -> auto& { return o.bench.drop_cache; }),
      option(
          kBench, "json", "", "JSON lines instead of the table", [](auto& o) -> auto& { return o.json; }),
      option(
          kTellers, "json", "", "JSON, one object a line, instead of text", [](auto& o) -> auto& { return o.json; }),
      option(
          kCompare, "tolerance", "X",
          "the largest difference that still counts as equal: for latents in "
          "their units, for pictures and sound in steps of 255",
          [](auto& o) -> auto& { return o.tolerance; }),
      option(
          kReport, "watch", "", "print again every five seconds, until nothing remains",
          [](auto& o) -> auto& { return o.watch; }),
      option(
          kRun, "log-file", "FILE", "also append all messages to this file, with date and time, even with --quiet",
          [](auto& o) -> auto& { return o.log_file; }),
      option(
          kAllBench, "quiet", "", "warnings only, on standard error", [](auto& o) -> auto& { return o.quiet; }),
      option(
          kRun, "verbose", "", "also every step, and the seconds of each clip's phases",
          [](auto& o) -> auto& { return o.verbose; }),
      option(
          kRun, "dump-config", "", "print the options in effect as a job file, and do nothing else",
          [](auto& o) -> auto& { return o.dump_config; })};
}

}  // namespace orrery
