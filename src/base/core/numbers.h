#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Numbers, durations, sizes and moments as text. Tables and text widths are in base/core/terminal_text.h; messages are
// composed with fmt::format.
namespace orrery {

// The whole of `text` as a decimal number; none when it contains anything else or does not fit the type.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// The shortest text that reads back as `value`: "24", "0.1", "inf".
std::string number_text(double value);
// `value` with `digits` digits after the decimal point: "2.90".
std::string fixed_text(double value, int digits);
// A count with its noun, whose plural ends in s: "0 clips", "1 clip", "2 clips".
std::string count_text(std::int64_t count, std::string_view noun);

// Parses "HH:MM:SS", with hours of two to six digits; none when `text` is anything else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// The inverse of parse_duration.
std::string duration_digits(std::chrono::seconds duration);
// For people: "1.25 s", "12.3 s", "4 min 05 s", "2 h 03 min".
std::string duration_text(double seconds);

// In binary units (powers of 1024): "512 bytes", "1.5 MiB", "23.4 GiB".
std::string bytes_text(std::int64_t bytes);
// In units of 10⁹ bytes, in which GPU memory is given: "23.1 GB".
std::string gigabytes(std::int64_t bytes);

// A moment, in seconds since 1970, in UTC by ISO 8601: "2026-01-31T12:00:00Z".
std::string utc_text(std::int64_t seconds);
// The present moment.
std::string utc_now();

}  // namespace orrery
