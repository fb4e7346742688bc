#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> request_options() {
  return {
      option(
          kRun, "num-frames", "N", "frames of the clip: a multiple of 4, plus 1; 1: a picture",
          [](auto& o) -> auto& { return o.defaults.num_frames; }),
      option(
          kRun, "chunk-frames", "N",
          "make longer clips in chunks of N frames, each of which "
          "continues the previous one: a multiple of 4, plus 1; "
          "not given: no chunks",
          [](auto& o) -> auto& { return o.defaults.chunk_frames; }),
      option(
          kRun, "chunk-overlap", "N",
          "with --chunk-frames, frames that a chunk repeats from the end of the previous one: a multiple of 4, plus 1",
          [](auto& o) -> auto& { return o.defaults.chunk_overlap; }),
      option(
          kRun, "height", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.height; }),
      option(
          kRun, "width", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.width; }),
      option(
          kRun, "fps", "RATE", "frames per second", [](auto& o) -> auto& { return o.defaults.fps; }),
      option(
          kRun, "steps", "N", "denoising steps, 1 to 1000; not given: 35, for a picture 50",
          [](auto& o) -> auto& { return o.defaults.asked_steps; }),
      option(
          kRun, "guidance-scale", "X",
          "classifier-free guidance; 1: none, which halves the work; not given: 6, for a picture 4",
          [](auto& o) -> auto& { return o.defaults.asked_guidance_scale; }),
      option(
          kRun, "guidance-interval", "LO,HI",
          "guide only the steps whose timestep lies between the two, from 0 to 1001: other steps take half the work; "
          "not given: all",
          [](auto& o) -> auto& { return o.defaults.guidance_interval; }),
      option(
          kRun, "normalize-cfg", "",
          "scale guided velocities down to the norm of the conditional ones, if they are longer",
          [](auto& o) -> auto& { return o.defaults.normalize_cfg; }),
      option(
          kRun, "step-cache", "THRESHOLD",
          "skip the transformer's layers in steps in which the latents have changed by less "
          "than this since the layers were last computed, and add the layers' last contribution "
          "instead: 0.25 halves a clip's time, with other latents; "
          "0: never",
          [](auto& o) -> auto& { return o.defaults.step_cache.threshold; }),
      option(
          kRun, "step-cache-skips", "N", "with --step-cache, the most steps in a row without the layers; 0: no limit",
          [](auto& o) -> auto& { return o.defaults.step_cache.skips; }),
      option(
          kRun, "step-cache-order", "N",
          "with --step-cache, order of the polynomial, 0 to 2, that extrapolates "
          "the layers' contribution from the last computed steps; "
          "0: the last contribution; 1: like NVIDIA's program and vLLM-Omni",
          [](auto& o) -> auto& { return o.defaults.step_cache.order; }),
      option(
          kRun, "flow-shift", "X", "above 1: more of the steps at high noise; not given: 10, for a picture 3",
          [](auto& o) -> auto& { return o.defaults.asked_flow_shift; }),
      option(
          kRun, "seed", "N", "seed of the initial noise, 0 to 4294967295",
          [](auto& o) -> auto& { return o.defaults.seed; }),
      option(
          kRun, "negative-prompt", "TEXT", "what the clip should not show; \"\" for nothing",
          [](auto& o) -> auto& { return o.defaults.negative_prompt; }),
      option(
          kRun, "aspect-ratio", "W,H", "passed to the model in JSON prompts, for example 16,9",
          [](auto& o) -> auto& { return o.defaults.aspect_ratio; }),
      option(
          kRun, "append-metadata", "", "add the clip's length, frame rate and size to the prompt",
          [](auto& o) -> auto& { return o.defaults.append_metadata; }),
      option(
          kRun, "sound", "", "make sound too, with checkpoints that can",
          [](auto& o) -> auto& { return o.defaults.sound; })};
}

}  // namespace orrery
