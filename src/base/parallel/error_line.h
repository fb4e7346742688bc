#pragma once

#include <string_view>

namespace orrery {

// Writes "orrery: error: MESSAGE" and a newline to standard error, in one call, so that the lines of several ranks do
// not mix.
void write_error_line(std::string_view message) noexcept;

}  // namespace orrery
