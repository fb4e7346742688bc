#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace orrery {

// The host's own name; "an unknown host" where it has none.
std::string host_name();

// The peak of this process's resident memory since reset_peak_host_memory(), in bytes, libraries and shared pages
// included. None when the system does not report or does not reset it.
std::optional<std::int64_t> peak_host_memory();
void reset_peak_host_memory();

}  // namespace orrery
