#include "base/parallel/error_line.h"

#include <unistd.h>

#include <string>

namespace orrery {

void write_error_line(std::string_view message) noexcept {
  const std::string line = "orrery: error: " + std::string(message) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace orrery
