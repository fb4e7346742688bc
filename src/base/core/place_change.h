#pragma once

#include <functional>

namespace orrery {

// From now on `changed` is called when the pulse (core/pulse.h) names another clip or phase, and when a clip's steps
// begin, but not for each step. It is called by the thread that names them, must be quick and must not throw. Empty:
// no more calls, and none is under way when this returns. Any thread.
void on_place_change(std::function<void()> changed);

}  // namespace orrery
