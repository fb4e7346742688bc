#pragma once

#include <algorithm>

#include "app/plan/clip_work.h"
#include "app/plan/machine_profile.h"

namespace orrery {

// How long a clip takes, in seconds. Loading and what encoding a video on the CPU takes beyond the next clip's steps
// come on top.
struct ClipSeconds {
  double text = 0;
  double attention = 0;  // of all steps, as the next three
  double products = 0;
  double memory = 0;
  double exchange = 0;
  double save = 0;    // while decoding
  double decode = 0;  // with the sound's

  double denoise() const { return attention + products + memory + exchange; }
  double total() const { return text + denoise() + std::max(save, decode); }
};

// `rates`: the machine's with the products that `work` was reckoned with; not empty.
ClipSeconds clip_seconds(const ClipWork& work, const MachineProfile& machine, const StepRates& rates);

}  // namespace orrery
