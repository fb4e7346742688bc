#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> request_options() {
  return {
      option(
          kRun, "num-frames", "N", "frames of the clip: a multiple of 4, plus 1; 1: a picture",
          [](auto& o) -> auto& { return o.defaults.num_frames; }),
      option(
          kRun, "chunk-frames", "N",
          "make longer clips in chunks of so many frames, each of which continues the one before: a multiple of 4, "
          "plus 1; not given: every clip at once",
          [](auto& o) -> auto& { return o.defaults.chunk_frames; }),
      option(
          kRun, "chunk-overlap", "N",
          "with --chunk-frames, frames with which a chunk repeats the end of the one before: a multiple of 4, plus 1",
          [](auto& o) -> auto& { return o.defaults.chunk_overlap; }),
      option(
          kRun, "height", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.height; }),
      option(
          kRun, "width", "PIXELS", "a multiple of 16", [](auto& o) -> auto& { return o.defaults.width; }),
      option(
          kRun, "fps", "RATE", "frames per second", [](auto& o) -> auto& { return o.defaults.fps; }),
      option(
          kRun, "steps", "N", "denoising steps, 1 to 1000; not given: 35, of a picture 50",
          [](auto& o) -> auto& { return o.defaults.asked_steps; }),
      option(
          kRun, "guidance-scale", "X",
          "classifier-free guidance; 1: none, which halves the work; not given: 6, of a picture 4",
          [](auto& o) -> auto& { return o.defaults.asked_guidance_scale; }),
      option(
          kRun, "guidance-interval", "LO,HI",
          "guide only the steps whose timestep lies between the two, from 0 to 1001: the others take half the work; "
          "not given: all",
          [](auto& o) -> auto& { return o.defaults.guidance_interval; }),
      option(
          kRun, "normalize-cfg", "",
          "shorten guided velocities to the length of the conditional ones, where they are longer",
          [](auto& o) -> auto& { return o.defaults.normalize_cfg; }),
      option(
          kRun, "step-cache", "THRESHOLD",
          "leave out the layers in steps before which the latents have changed by less than this in all since they "
          "were last computed, and add what they added then: 0.25 makes a clip in half the time, with other latents; "
          "0: never",
          [](auto& o) -> auto& { return o.defaults.step_cache.threshold; }),
      option(
          kRun, "step-cache-skips", "N",
          "with --step-cache, leave them out in so many steps in a row at most; 0: no limit",
          [](auto& o) -> auto& { return o.defaults.step_cache.skips; }),
      option(
          kRun, "step-cache-order", "N",
          "with --step-cache, extrapolate what they would add by a polynomial of this order, 0 to 2, through the last "
          "steps that computed them; 0: what they added last, 1: as NVIDIA's program and vLLM-Omni do",
          [](auto& o) -> auto& { return o.defaults.step_cache.order; }),
      option(
          kRun, "flow-shift", "X", "above 1: more of the steps at high noise; not given: 10, of a picture 3",
          [](auto& o) -> auto& { return o.defaults.asked_flow_shift; }),
      option(
          kRun, "seed", "N", "of the starting noise, 0 to 4294967295",
          [](auto& o) -> auto& { return o.defaults.seed; }),
      option(
          kRun, "negative-prompt", "TEXT", "what to keep away from; \"\" for no words",
          [](auto& o) -> auto& { return o.defaults.negative_prompt; }),
      option(
          kRun, "aspect-ratio", "W,H", "told to the model in JSON prompts, for example 16,9",
          [](auto& o) -> auto& { return o.defaults.aspect_ratio; }),
      option(
          kRun, "append-metadata", "", "tell the model the clip's length, rate and size",
          [](auto& o) -> auto& { return o.defaults.append_metadata; }),
      option(
          kRun, "sound", "", "make sound as well, with checkpoints that can",
          [](auto& o) -> auto& { return o.defaults.sound; })};
}

}  // namespace orrery
