#pragma once

namespace orrery {

// From now to the end of the process SIGINT, SIGTERM and SIGUSR1 are only noted. They are never handed back: launchers
// send SIGTERM more than once, and the second must not cut the snapshot short. A SIGINT that comes over a second after
// the first signal ends the process at once: somebody presses ctrl-C again. Forgets what was noted before.
void note_stop_signals();

// The first signal noted, or 0.
int noted_stop_signal() noexcept;

}  // namespace orrery
