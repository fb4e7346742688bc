#include "base/core/utc.h"

#include <ctime>

namespace orrery {

std::string utc_text(std::int64_t seconds) {
  const std::time_t moment = seconds;
  std::tm parts{};
  ::gmtime_r(&moment, &parts);
  std::string text(sizeof "2026-01-01T00:00:00Z" - 1, '\0');
  std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string utc_now() { return utc_text(std::time(nullptr)); }

}  // namespace orrery
