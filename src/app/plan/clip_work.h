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
  Exchange,  // between ranks
  Memory     // everything else: reading and writing
};

// The kind of a phase, by its name in a benchmark's lines: "out product", "down product / all-reduce".
PhaseKind kind_of(std::string_view phase);

// What one rank does in a denoise step. Floating-point operations: a multiplication and an addition are two.
struct StepWork {
  double attention_flops = 0;
  double product_flops = 0;   // of the layers
  double other_flops = 0;     // of memory-bound products
  double memory_bytes = 0;    // read and written in all that is neither attention nor a layer's product
  double sum_bytes = 0;       // sent in sums over the tp group
  double gather_bytes = 0;    // sent in the exchange of the branches' velocities
  double exchange_bytes = 0;  // sent in all-to-alls over the sp group
  std::int64_t calls = 0;     // of collectives

  double flops() const { return attention_flops + product_flops + other_flops; }
  double sent_bytes() const { return sum_bytes + gather_bytes + exchange_bytes; }
};

// What the busiest rank does for a clip.
struct ClipWork {
  std::int64_t tokens = 0;       // of video and sound
  std::int64_t rows = 0;         // of these, a rank's
  std::int64_t text_tokens = 0;  // of the longest text
  std::int64_t steps = 0;
  double full_steps = 0;   // of `step`: fewer than steps with a step cache or a guidance interval
  double plain_steps = 0;  // of those, in full precision: `plain_step`
  double idle_steps = 0;   // of those, in which the second of two cfg groups has nothing to do
  StepWork step;           // of a step that computes all branches
  StepWork plain_step;     // the same work with products that are not in 8 bits
  double text_flops = 0;
  double decoded_pixels = 0;  // of all frames, and of those of a clip that is decoded to be continued
  double decode_flops = 0;
  std::int64_t sound_steps = 0;
  double sound_flops = 0;
  double latent_bytes = 0;  // of the file

  double flops() const { return text_flops + full_steps * step.flops() + decode_flops + sound_flops; }
};

// Computed from the sizes alone. `decodes`: media are wanted. `schedule`: of the steps that a step cache or a guidance
// interval leaves out.
ClipWork clip_work(const ModelSizes& sizes, const Request& request, const PromptIds& ids, bool decodes,
                   const ScheduleRule& schedule = {}, const FullPrecisionSteps& full_precision = {});

}  // namespace orrery
