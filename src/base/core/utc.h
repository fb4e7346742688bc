#pragma once

#include <cstdint>
#include <string>

namespace orrery {

// A moment, in seconds since 1970, as files have it: ISO 8601, UTC.
std::string utc_text(std::int64_t seconds);

// The time now.
std::string utc_now();

}  // namespace orrery
