#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/request.h"

namespace orrery {

// What a manifest line gets for the keys that it leaves out. Steps, guidance and shift depend on what the line makes
// unless the command line or a job file gives them: a video's are Request's own, a picture's those of NVIDIA's program
// for pictures (MODES.md §B).
struct RequestDefaults : Request {
  static constexpr std::int64_t kPictureSteps = 50;
  static constexpr double kPictureGuidance = 4;
  static constexpr double kPictureShift = 3;

  RequestDefaults() = default;
  // Everything in `all` was asked for, so it holds for pictures as well.
  RequestDefaults(const Request& all)  // NOLINT(google-explicit-constructor)
      : Request(all),
        asked_steps(all.steps),
        asked_guidance_scale(all.guidance_scale),
        asked_flow_shift(all.flow_shift) {}

  // None: what suits the line.
  std::optional<std::int64_t> asked_steps;
  std::optional<double> asked_guidance_scale;
  std::optional<double> asked_flow_shift;

  // The request of a line of so many frames that has no other keys.
  Request of(std::int64_t frames) const {
    Request request = static_cast<const Request&>(*this);
    if (frames == 1) request.sound = false;
    if (frames == 1 && semantics == Semantics::Native) {
      request.steps = kPictureSteps;
      request.guidance_scale = kPictureGuidance;
      request.flow_shift = kPictureShift;
    }
    request.steps = asked_steps.value_or(request.steps);
    request.guidance_scale = asked_guidance_scale.value_or(request.guidance_scale);
    request.flow_shift = asked_flow_shift.value_or(request.flow_shift);
    return request;
  }
};

}  // namespace orrery
