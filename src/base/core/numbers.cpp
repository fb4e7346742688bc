#include "base/core/numbers.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <system_error>

namespace orrery {
namespace {

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Parses two to `most` decimal digits; hours have up to six.
std::optional<std::int64_t> parse_digits(std::string_view text, std::size_t most) {
  const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  return digits && text.size() >= 2 && text.size() <= most ? parse_integer(text) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) { return parse_whole<std::int64_t>(text); }

std::optional<double> parse_number(std::string_view text) { return parse_whole<double>(text); }

std::string number_text(double value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end};
}

std::string fixed_text(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.rfind(':');
  if (first == second) return std::nullopt;
  const auto hours = parse_digits(text.substr(0, first), 6);
  const auto minutes = parse_digits(text.substr(first + 1, second - first - 1), 2);
  const auto seconds = parse_digits(text.substr(second + 1), 2);
  if (!hours || !minutes || !seconds || *minutes > 59 || *seconds > 59) return std::nullopt;
  return std::chrono::seconds(*hours * 3600 + *minutes * 60 + *seconds);
}

std::string count_text(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string duration_digits(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fixed_text(seconds, seconds < 10 ? 2 : 1) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string gigabytes(std::int64_t bytes) { return fixed_text(static_cast<double>(bytes) / 1e9, 1) + " GB"; }

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
