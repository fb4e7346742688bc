#pragma once

#include <cstdint>
#include <string_view>

#include "models/nn/precision.h"
#include "models/sampler/schedule.h"
#include "pipeline/clip_needs.h"
#include "pipeline/request.h"
#include "pipeline/towers.h"

namespace orrery {

// What limits the speed of a phase of a step.
enum class PhaseKind {
  Attention,
  Product,   // matrix products
  Exchange,  // communication between ranks
  Memory     // everything else: limited by memory bandwidth
};

// The kind of a phase, from its name in the output of `orrery bench`: "out product", "down product / all-reduce".
PhaseKind kind_of(std::string_view phase);

// One rank's work in a denoise step. FLOPs: a multiplication and an addition are two.
struct StepWork {
  double attention_flops = 0;
  double product_flops = 0;   // of the layers' matrix products
  double other_flops = 0;     // of memory-bound products
  double memory_bytes = 0;    // read and written in everything but attention and the layers' matrix products
  double sum_bytes = 0;       // sent in all-reduces over the tp group
  double gather_bytes = 0;    // sent in the all-gather of the branches' velocities over the cfg group
  double exchange_bytes = 0;  // sent in all-to-alls over the sp group
  std::int64_t calls = 0;     // collectives called

  double flops() const { return attention_flops + product_flops + other_flops; }
  double sent_bytes() const { return sum_bytes + gather_bytes + exchange_bytes; }
};

// The work of the busiest rank for a clip.
struct ClipWork {
  std::int64_t tokens = 0;       // video and sound
  std::int64_t rows = 0;         // tokens on one rank
  std::int64_t text_tokens = 0;  // of the longest text
  std::int64_t steps = 0;
  double full_steps = 0;   // equivalent number of `step`: below steps with a step cache or a guidance interval
  double plain_steps = 0;  // those of full_steps in full precision, with the work `plain_step`
  double idle_steps = 0;   // those of full_steps in which the second of two cfg groups is idle
  StepWork step;           // a step that computes all branches
  StepWork plain_step;     // such a step without 8-bit formats
  double text_flops = 0;
  double decoded_pixels = 0;  // in all frames, including those of the clip that it continues if that is decoded
  double decode_flops = 0;
  std::int64_t sound_steps = 0;
  double sound_flops = 0;
  double latent_bytes = 0;  // in the latent file, before compression

  double flops() const { return text_flops + full_steps * step.flops() + decode_flops + sound_flops; }
};

// Computes the work from sizes only. `decodes`: the run makes media. `schedule` decides which steps a step cache or a
// guidance interval leaves out.
ClipWork clip_work(const ModelSizes& sizes, const Request& request, const PromptIds& ids, bool decodes,
                   const ScheduleRule& schedule = {}, const FullPrecisionSteps& full_precision = {});

}  // namespace orrery
