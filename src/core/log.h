#pragma once

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace orrery {

enum class LogLevel { Quiet, Normal, Verbose };

// Lines to standard error, stamped with the time. Rank 0 speaks for the job: other ranks print warnings only, tagged
// with their rank. Quiet: warnings only.
class Log {
 public:
  explicit Log(LogLevel level = LogLevel::Normal, int rank = 0);

  void info(const std::string& message) const;
  void verbose(const std::string& message) const;
  void warning(const std::string& message) const;
  LogLevel level() const { return level_; }
  bool is_root() const { return rank_ == 0; }

 private:
  std::shared_ptr<spdlog::logger> logger_;
  LogLevel level_;
  int rank_;
};

}  // namespace orrery
