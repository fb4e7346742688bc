#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace orrery {

// Something failed that the input is not to blame for: a device, a library, the disk. Exit code 3.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Bad usage, manifest or checkpoint: the message names the file, the line or tensor, what was found, what was expected
// and what to do. Exit code 2.
class InputError : public Error {
 public:
  using Error::Error;
};

// Throws Error "WHAT: SAID (file:line)": what we tried, and what the library answered.
[[noreturn]] void fail(std::string_view what, std::string_view said,
                       std::source_location at = std::source_location::current());

// Throws Error(message) unless `ok`.
void require(bool ok, const std::string& message);

// Throws InputError(message) unless `ok`.
void require_input(bool ok, const std::string& message);

// Writes "orrery: error: MESSAGE" and a newline to standard error, in one call, so that the lines of several ranks do
// not mix.
void write_error_line(std::string_view message) noexcept;

}  // namespace orrery
