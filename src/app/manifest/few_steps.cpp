#include "app/manifest/few_steps.h"

#include <fmt/format.h>

#include "app/manifest/request_defaults.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

constexpr double kNoGuidance = 1;
constexpr double kNoShift = 1;  // the fixed noise levels are shifted already

// The built-in defaults of a line with the request's semantics and number of frames.
Request unasked_of(const Request& request) {
  RequestDefaults defaults;
  defaults.semantics = request.semantics;
  return defaults.of(request.num_frames);
}

}  // namespace

std::vector<std::string> few_step_problems(const Request& request, std::int64_t steps) {
  const Request unasked = unasked_of(request);
  std::vector<std::string> problems;
  const auto refuse = [&](const std::string& field, const std::string& found, const std::string& instead) {
    problems.push_back(
        fmt::format("{}: found {}, but the checkpoint is a few-step (distilled) one: {}", field, found, instead));
  };
  if (request.steps != unasked.steps && request.steps != steps) {
    refuse("steps", fmt::to_string(request.steps), fmt::format("it makes {}; leave them out", steps));
  }
  if (request.guidance_scale != unasked.guidance_scale && request.guidance_scale != kNoGuidance) {
    refuse("guidance_scale", number_text(request.guidance_scale), "its guidance is in its weights; leave it out");
  }
  if (request.flow_shift != unasked.flow_shift && request.flow_shift != kNoShift) {
    refuse("flow_shift", number_text(request.flow_shift), "its noise levels are fixed; leave it out");
  }
  if (request.guidance_interval) refuse("guidance_interval", "one", "no step is guided; leave it out");
  if (request.normalize_cfg) refuse("normalize_cfg", "true", "no step is guided; leave it out");
  if (request.step_cache.on()) {
    refuse("step_cache", number_text(request.step_cache.threshold), "each of its few steps is computed; leave it out");
  }
  return problems;
}

void take_few_steps(Request& request, std::int64_t steps) {
  request.steps = steps;
  request.guidance_scale = kNoGuidance;
  request.flow_shift = kNoShift;
  request.step_cache = {};
}

}  // namespace orrery
