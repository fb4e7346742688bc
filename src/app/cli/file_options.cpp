#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> file_options() {
  return {
      option(
          kAll, "checkpoint", "DIR",
          "the Cosmos3 checkpoint's folder; "
          "or random:tiny, random:nano, random:super or random:edge: random weights with that model's "
          "shapes, generated on the device, to test a machine before the files are there; "
          "with -4step after the name: as the four-step checkpoint distilled from it",
          [](auto& o) -> auto& { return o.model.checkpoint; }),
      option(
          kBench, "model", "tiny|nano|super|edge", "measure random weights of that model's shapes",
          [](auto& o) -> auto& { return o.random_model; }),
      option(
          kBench, "distilled", "",
          "with --model: as the four-step checkpoint distilled from it, whose steps have one branch; "
          "in run: random:NAME-4step",
          [](auto& o) -> auto& { return o.distilled; }),
      option(
          kBench, "checkpoint", "DIR", "measure this checkpoint, instead of --model",
          [](auto& o) -> auto& { return o.model.checkpoint; }),
      option(
          kRun, "manifest", "FILE", "the requests: JSON Lines, one clip a line",
          [](auto& o) -> auto& { return o.manifest; }),
      option(
          kRunDecode, "out", "DIR", "where the results go; made when missing",
          [](auto& o) -> auto& { return o.output.folder; }),
      option(
          kEncode, "out", "FILE.h5", "the latent file to write", [](auto& o) -> auto& { return o.output.folder; }),
      option(
          kRun, "job", "FILE",
          "options from a job file, one \"name = value\" a line, # for comments; the command line takes precedence; "
          "relative paths in it start at the current folder, like those of the command line",
          [](auto& o) -> auto& { return o.job; }),
      option(
          kRun, "negative-prompt-file", "FILE", "a file that replaces the built-in negative prompt",
          [](auto& o) -> auto& { return o.negative_prompt_file; }),
      option(
          kRunDecode, "media", "mp4|none", "what to make besides the latents; mp4: for a clip of one frame, a picture",
          [](auto& o) -> auto& { return o.output.media.video; }),
      option(
          kRunDecode, "image-format", "png|jpg", "format of pictures; jpg has quality 95",
          [](auto& o) -> auto& { return o.output.media.picture; }),
      option(
          kRunDecode, "crf", "N", "H.264 quality, from 1 (best; at 0, lossless, most players show black) to 51 (worst)",
          [](auto& o) -> auto& { return o.output.media.crf; }),
      option(
          kRunDecode, "keep-frames", "", "also write the frames as PNG, and the sound as WAV, to OUT/frames/ID/",
          [](auto& o) -> auto& { return o.output.media.keep_frames; }),
      option(
          kRunDecode, "preview", "", "also put twelve frames of each clip into one picture, OUT/media/ID.png",
          [](auto& o) -> auto& { return o.output.media.preview; }),
      option(
          kRun, "timings", "", "write the time of each phase and each step of a clip to OUT/timings/ID.json",
          [](auto& o) -> auto& { return o.output.timings; }),
      option(
          kInspect, "preview", "FILE.png",
          "also write the latent frames as a false-colour picture: no checkpoint is needed",
          [](auto& o) -> auto& { return o.preview; })};
}

}  // namespace orrery
