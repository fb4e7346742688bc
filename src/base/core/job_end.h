#pragma once

namespace orrery {

// The job is lost and its processes are about to exit: what this one still computes may come of half-finished
// communication, so commit() of a PendingFile, append_line and the end of a Meeting do not return. Cannot be undone.
void forbid_writing() noexcept;

// Returns at once while the job goes on, and never after forbid_writing().
void wait_if_job_is_lost();

}  // namespace orrery
