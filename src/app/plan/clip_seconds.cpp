#include "app/plan/clip_seconds.h"

namespace orrery {

ClipSeconds clip_seconds(const ClipWork& work, const MachineProfile& machine, const StepRates& rates) {
  const auto tokens = static_cast<double>(work.tokens);
  const auto steps = work.full_steps;
  ClipSeconds seconds;
  // The text tower's products are plain, and short.
  seconds.text = work.text_flops / machine.plain.products.at(static_cast<double>(work.text_tokens));
  seconds.attention = steps * work.step.attention_flops / rates.attention.at(tokens);
  seconds.products = steps * work.step.product_flops / rates.products.at(tokens);
  seconds.memory = steps * work.step.memory_bytes / rates.memory.at(tokens);
  seconds.exchange = steps * (work.step.sum_bytes * machine.waited_for + work.step.gather_bytes) / machine.link;
  seconds.save = work.latent_bytes / machine.saved_bytes;
  seconds.decode = work.decoded_pixels / machine.decoded_pixels;
  if (work.sound_steps > 0) seconds.decode += static_cast<double>(work.sound_steps) / machine.sound_steps;
  return seconds;
}

}  // namespace orrery
