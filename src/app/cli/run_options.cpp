#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> size_options() {
  return {
      option(
          kEncode, "height", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.height; }),
      option(
          kEncode, "width", "PIXELS",
          "a multiple of 16; a picture of another shape is scaled to cover the clip, and its middle is taken",
          [](auto& o) -> auto& { return o.defaults.width; }),
      option(
          kEncode, "num-frames", "N",
          "frames to encode, from the first on: a multiple of 4, plus 1; not given: 1 of an image, of a video as many "
          "as fit that rule",
          [](auto& o) -> auto& { return o.encode_frames; }),
      option(
          kBench, "size", "720p|480p|256p|WxH", "of the clip: 1280x720, 832x480, 320x192 or pixels",
          [](auto& o) -> auto& { return o.bench_size; }),
      option(
          kBench, "frames", "N", "of the clip: a multiple of 4, plus 1",
          [](auto& o) -> auto& { return o.bench.clip.num_frames; })};
}

std::vector<OptionSpec> sampling_options() {
  return {
      option(
          kRun, "semantics", "native|seed",
          "native: as NVIDIA's own code; seed: schedule double_shift, a bare negative prompt, guidance only above 1",
          [](auto& o) -> auto& { return o.defaults.semantics; }),
      option(
          kRun, "schedule", "native|double_shift|karras|auto",
          "noise levels of the steps; set by --semantics unless given; auto: as the checkpoint's scheduler_config.json "
          "says",
          [](auto& o) -> auto& { return o.model.schedule; })};
}

std::vector<OptionSpec> behaviour_options() {
  return {
      option(
          kRun, "shard", "I/N",
          "make part I, from 0 to N - 1, of the manifest shared out among N runs into the same OUT; not given: the "
          "place of this task in its Slurm job array, or else everything; 0/1: everything, in an array too",
          [](auto& o) -> auto& { return o.shard; }),
      option(
          kRun, "on-error", "continue|stop", "what to do after a request that failed",
          [](auto& o) -> auto& { return o.on_error; }),
      option(
          kRun, "check-prompt", "CMD",
          "a shell command that every request must pass before it is made: it gets the request as JSON on its standard "
          "input; exit code 0 passes, 10 refuses, with the first line of its output as the reason, any other fails the "
          "request",
          [](auto& o) -> auto& { return o.gates.prompt; }),
      option(
          kRun, "check-media", "CMD",
          "a shell command that every video and picture must pass before it gets its name: it gets the file's path as "
          "its last argument; exit codes as for --check-prompt; of a clip that it refuses nothing is kept",
          [](auto& o) -> auto& { return o.gates.media; }),
      option(
          kRun, "check-timeout", "SECONDS", "how long a check may take before it is stopped and its request fails",
          [](auto& o) -> auto& { return o.gates.seconds; }),
      option(
          kRun, "force", "", "make clips again that are already complete, and begin unfinished ones anew",
          [](auto& o) -> auto& { return o.output.force; }),
      option(
          kRun, "snapshot-every", "STEPS",
          "keep the state of an unfinished clip in OUT/snapshots every so many steps, beside the snapshot that every "
          "stop leaves; 0: only then",
          [](auto& o) -> auto& { return o.output.snapshot_every; }),
      option(
          kRun, "stop-after-steps", "N", "stop after so many denoising steps, over all clips, as a signal would",
          [](auto& o) -> auto& { return o.stop_after_steps; }),
      option(
          kRun, "time-limit", "HH:MM:SS",
          "stop early enough to be done by then, counted from the start; a Slurm job's own end is known without it",
          [](auto& o) -> auto& { return o.time_limit; }),
      option(
          kAllBench, "rank-timeout", "SECONDS",
          "end the job when a rank gives no sign of life, or makes no progress, for so long; not given: ten times the "
          "longest step so far, and 120 at least; five times that in a clip's first step and outside of the steps, in "
          "loading, decoding and writing; 0: never; a rank whose process has ended ends the job in any case",
          [](auto& o) -> auto& { return o.rank_timeout; }),
      option(
          kBench, "what", "PARTS",
          "what to measure, a comma between: step, vae, sound, collectives, load, ceilings; "
          "shares, which has to be asked for: what a rank of --sp 2, 4 and 8 does by itself; "
          "formats, which has to be asked for: what 8 bits of several kinds make of a layer's products",
          [](auto& o) -> auto& { return o.bench.parts; }),
      option(
          kBench, "repeats", "N", "runs of each measurement; 0: as many as fit a few seconds, at least 3",
          [](auto& o) -> auto& { return o.bench.repeats; }),
      option(
          kBench, "kernels", "N", "list the N kernels that take the most of a step, and of a decode",
          [](auto& o) -> auto& { return o.bench.kernels; }),
      option(
          kBench, "drop-cache", "",
          "drop the checkpoint's files from the page cache before each load: how fast the disk is",
          [](auto& o) -> auto& { return o.bench.drop_cache; }),
      option(
          kBench, "json", "", "JSON lines in place of the table", [](auto& o) -> auto& { return o.json; }),
      option(
          kTellers, "json", "", "JSON, one object a line, in place of the text",
          [](auto& o) -> auto& { return o.json; }),
      option(
          kCompare, "tolerance", "X",
          "the largest difference of a value that still counts as the same: of latents in their units, of pictures and "
          "sound in steps of 255",
          [](auto& o) -> auto& { return o.tolerance; }),
      option(
          kReport, "watch", "", "look again every five seconds, until nothing remains",
          [](auto& o) -> auto& { return o.watch; }),
      option(
          kRun, "log-file", "FILE", "append what is said to this file as well, with date and time, also with --quiet",
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
