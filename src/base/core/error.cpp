#include "base/core/error.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string>

namespace orrery {

void fail(std::string_view what, std::string_view said, std::source_location at) {
  const std::string_view file = at.file_name();
  const std::string_view name = file.substr(file.rfind('/') + 1);
  throw Error(fmt::format("{}: {} ({}:{})", what, said, name, at.line()));
}

void require(bool ok, const std::string& message) {
  if (!ok) throw Error(message);
}

void require_input(bool ok, const std::string& message) {
  if (!ok) throw InputError(message);
}

void write_error_line(std::string_view message) noexcept {
  const std::string line = "orrery: error: " + std::string(message) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace orrery
