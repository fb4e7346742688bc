#pragma once

#include <cstddef>
#include <string>

namespace orrery {

// XXH3, 128 bits, as 32 hexadecimal digits. Not for security: it tells whether bytes are the same.
std::string checksum(const void* data, std::size_t bytes);

}  // namespace orrery
