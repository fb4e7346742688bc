#pragma once

namespace orrery {

// Call when the job is lost and its processes are about to exit. What this process still computes may come from
// unfinished communication; so from now on PendingFile::commit, append_line and the end of a Meeting never return.
void forbid_writing() noexcept;

// Returns at once before forbid_writing(), and never afterwards.
void wait_if_job_is_lost();

}  // namespace orrery
