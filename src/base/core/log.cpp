#include "base/core/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <string_view>
#include <utility>

#include "base/core/error.h"
#include "base/core/terminal_text.h"

namespace orrery {

// A terminal whose last lines may show progress.
class TerminalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void show(std::vector<std::string> lines) {
    const std::lock_guard lock(mutex_);
    lines_.show(std::move(lines));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    lines_.print({text.data(), text.size()});
  }
  void flush_() override {}

 private:
  StatusLines lines_{stderr};
};

namespace {

constexpr const char* kDated = "%Y-%m-%d %H:%M:%S ";
constexpr const char* kTimed = "%H:%M:%S ";

spdlog::level::level_enum threshold(LogLevel level, int rank) {
  if (level == LogLevel::Quiet || rank != 0) return spdlog::level::warn;
  return level == LogLevel::Verbose ? spdlog::level::debug : spdlog::level::info;
}

std::string pattern(const char* time, int rank) {
  return std::string(time) + (rank == 0 ? "%v" : fmt::format("rank {}: %v", rank));
}

// Passes messages of all levels; the sinks filter them.
std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("orrery");
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::debug);
  return logger;
}

}  // namespace

Log::Log(LogLevel level, int rank)
    : everywhere_(make_logger()), but_terminal_(make_logger()), level_(level), rank_(rank) {
  spdlog::sink_ptr sink;
  if (terminal_columns(stderr) > 0) {
    sink = terminal_ = std::make_shared<TerminalSink>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    but_terminal_->sinks().push_back(sink);
  }
  sink->set_level(threshold(level, rank));
  sink->set_pattern(pattern(terminal_ ? kTimed : kDated, rank));
  everywhere_->sinks().push_back(sink);
}

void Log::keep_in(const std::filesystem::path& file) {
  try {
    const auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    sink->set_level(threshold(level_ == LogLevel::Quiet ? LogLevel::Normal : level_, rank_));
    sink->set_pattern(pattern(kDated, rank_));
    everywhere_->sinks().push_back(sink);
    but_terminal_->sinks().push_back(sink);
  } catch (const spdlog::spdlog_ex&) {
    throw InputError(file.string() + ": cannot be written: the log needs a file in a folder where you may write");
  }
}

void Log::info(const std::string& message) const { everywhere_->info("{}", printable_lines(message)); }
void Log::verbose(const std::string& message) const { everywhere_->debug("{}", printable_lines(message)); }
void Log::warning(const std::string& message) const { everywhere_->warn("warning: {}", printable_lines(message)); }
void Log::progress(const std::string& message) const { but_terminal_->info("{}", printable_lines(message)); }

void Log::show(std::vector<std::string> lines) const { terminal_->show(std::move(lines)); }

std::size_t Log::columns() const {
  return terminal_ && is_root() && level_ != LogLevel::Quiet ? terminal_columns(stderr) : 0;
}

}  // namespace orrery
