#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Numbers, durations, sizes and moments as text. Beside it: base/core/terminal_text.h has tables and the widths of
// texts, and messages are composed by fmt::format.
namespace orrery {

// The whole of `text` as a decimal number; none when anything else is in it or it does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// The shortest text that reads back as `value`: "24", "0.1", "inf".
std::string number_text(double value);
// `value` with that many digits behind the point: "2.90".
std::string fixed_text(double value, int digits);

// "HH:MM:SS", hours of two digits or more, as seconds; none when it is anything else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// The inverse of parse_duration.
std::string duration_digits(std::chrono::seconds duration);
// For people: "1.25 s", "12.3 s", "4 min 05 s", "2 h 03 min".
std::string duration_text(double seconds);

// In units of 1024: "512 bytes", "1.5 MiB", "23.4 GiB".
std::string bytes_text(std::int64_t bytes);
// In units of 10⁹ bytes, as memory of GPUs is given: "23.1 GB".
std::string gigabytes(std::int64_t bytes);

// A moment, in seconds since 1970, in UTC by ISO 8601: "2026-01-31T12:00:00Z".
std::string utc_text(std::int64_t seconds);
// The present moment.
std::string utc_now();

}  // namespace orrery
