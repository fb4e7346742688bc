#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/request.h"

namespace orrery {

// The values of keys that a manifest line leaves out. Unless the command line or a job file sets them, steps, guidance
// and shift are Request's defaults for a video, and those of NVIDIA's program for pictures for a picture (MODES.md §B).
struct RequestDefaults : Request {
  static constexpr std::int64_t kPictureSteps = 50;
  static constexpr double kPictureGuidance = 4;
  static constexpr double kPictureShift = 3;

  RequestDefaults() = default;
  // Uses all values of `all` as if they were set by the user, for pictures as well.
  RequestDefaults(const Request& all)  // NOLINT(google-explicit-constructor)
      : Request(all),
        asked_steps(all.steps),
        asked_guidance_scale(all.guidance_scale),
        asked_flow_shift(all.flow_shift) {}

  // Set by the user; none: depends on the line.
  std::optional<std::int64_t> asked_steps;
  std::optional<double> asked_guidance_scale;
  std::optional<double> asked_flow_shift;

  // The request of a line with `frames` frames and no other keys.
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
