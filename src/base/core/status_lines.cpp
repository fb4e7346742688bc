#include "base/core/status_lines.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace orrery {
namespace {

// To the start of the line `count` lines up, and nothing is left from there on.
std::string rewind(std::size_t count) { return count == 0 ? "" : fmt::format("\x1b[{}A\r\x1b[J", count); }

}  // namespace

void StatusLines::print(std::string_view text) {
  std::string out = rewind(lines_.size()).append(text);
  for (const std::string& line : lines_) out.append(line).append("\n");
  write(out);
}

void StatusLines::show(std::vector<std::string> lines) {
  std::string out = rewind(lines_.size());
  lines_ = std::move(lines);
  for (const std::string& line : lines_) out.append(line).append("\n");
  write(out);
}

// In one piece, so that the lines do not flicker.
void StatusLines::write(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), terminal_);
  std::fflush(terminal_);
}

std::size_t terminal_columns(std::FILE* stream) {
  constexpr std::size_t kUsual = 80;
  const int file = ::fileno(stream);
  if (::isatty(file) != 1) return 0;
  winsize size{};
  const bool known = ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsual;
}

}  // namespace orrery
