#pragma once

#include <source_location>
#include <string_view>

namespace orrery {

// Throws Error "WHAT: MPI's own words (file:line)" unless `code` is MPI_SUCCESS. `what` names the attempt: "split the
// world into tp groups".
void check_mpi(int code, std::string_view what, std::source_location at = std::source_location::current());

}  // namespace orrery
