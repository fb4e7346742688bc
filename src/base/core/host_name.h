#pragma once

#include <string>

namespace orrery {

// As the host calls itself; "an unknown host" where it has no answer.
std::string host_name();

}  // namespace orrery
