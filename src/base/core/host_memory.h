#pragma once

#include <cstdint>
#include <optional>

namespace orrery {

// The most memory that this process held at once since reset_peak_host_memory(), in bytes: what is resident, libraries
// and shared pages included. None: the system does not tell, or could not be asked to count anew.
std::optional<std::int64_t> peak_host_memory();
void reset_peak_host_memory();

}  // namespace orrery
