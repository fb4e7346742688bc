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

// Lines to standard error with the time, and with the date where that is no terminal; on request to a file as well.
// Rank 0 speaks for the job: other ranks print warnings only, tagged with their rank. Quiet: warnings only.
class Log {
 public:
  explicit Log(LogLevel level = LogLevel::Normal, int rank = 0);

  // Appends all lines, with date and time, to `file` as well; quiet or not, those of the normal level are among them.
  // For rank 0. Throws InputError when the file cannot be written.
  void keep_in(const std::filesystem::path& file);

  void info(const std::string& message) const;
  void verbose(const std::string& message) const;
  void warning(const std::string& message) const;
  // How far something is: a line as info's, but not on a terminal, which has show() for that.
  void progress(const std::string& message) const;
  // The last lines of the terminal, drawn in place of those shown before; none: they go. Only where columns() is not 0.
  void show(std::vector<std::string> lines) const;
  // Columns of the terminal for show(); 0: there is none, or nothing is to be shown there.
  std::size_t columns() const;

  LogLevel level() const { return level_; }
  bool is_root() const { return rank_ == 0; }

 private:
  std::shared_ptr<TerminalSink> terminal_;  // null: standard error is none
  std::shared_ptr<spdlog::logger> everywhere_;
  std::shared_ptr<spdlog::logger> but_terminal_;
  LogLevel level_;
  int rank_;
};

}  // namespace orrery
