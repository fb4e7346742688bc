#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace orrery {

class TerminalSink;

enum class LogLevel { Quiet, Normal, Verbose };

// Writes lines to standard error, with the time, and with the date too when standard error is not a terminal; on
// request to a file as well. Rank 0 writes for the whole job: other ranks write warnings only, tagged with their rank.
// At level Quiet only warnings are written.
class Log {
 public:
  explicit Log(LogLevel level = LogLevel::Normal, int rank = 0);

  // Appends all lines, with date and time, to `file` as well, including those of level Normal when this log's level is
  // Quiet. Call it on rank 0 only. Throws InputError when the file cannot be written.
  void keep_in(const std::filesystem::path& file);

  void info(const std::string& message) const;
  void verbose(const std::string& message) const;
  void warning(const std::string& message) const;
  // Writes a progress line as info() does, but not to a terminal: progress is drawn there by show().
  void progress(const std::string& message) const;
  // Redraws the last lines of the terminal as `lines`; removes them when `lines` is empty. Call it only when columns()
  // is not 0.
  void show(std::vector<std::string> lines) const;
  // Columns of the terminal for show(); 0 without a terminal, at level Quiet, and on other ranks than rank 0.
  std::size_t columns() const;

  LogLevel level() const { return level_; }
  bool is_root() const { return rank_ == 0; }

 private:
  std::shared_ptr<TerminalSink> terminal_;  // null when standard error is no terminal
  std::shared_ptr<spdlog::logger> everywhere_;
  std::shared_ptr<spdlog::logger> but_terminal_;
  LogLevel level_;
  int rank_;
};

}  // namespace orrery
