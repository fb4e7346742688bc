#include "core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace orrery {
namespace {

spdlog::level::level_enum threshold(LogLevel level, int rank) {
  if (level == LogLevel::Quiet || rank != 0) return spdlog::level::warn;
  return level == LogLevel::Verbose ? spdlog::level::debug : spdlog::level::info;
}

}  // namespace

Log::Log(LogLevel level, int rank)
    : logger_(std::make_shared<spdlog::logger>("orrery", std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      level_(level),
      rank_(rank) {
  logger_->set_pattern(rank == 0 ? "%H:%M:%S %v" : "%H:%M:%S rank " + std::to_string(rank) + ": %v");
  logger_->set_level(threshold(level, rank));
  logger_->flush_on(spdlog::level::debug);
}

void Log::info(const std::string& message) const { logger_->info("{}", message); }
void Log::verbose(const std::string& message) const { logger_->debug("{}", message); }
void Log::warning(const std::string& message) const { logger_->warn("warning: {}", message); }

}  // namespace orrery
