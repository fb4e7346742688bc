#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orrery {

// The whole of `text` as a decimal number; none when anything else is in it or it does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// "HH:MM:SS", hours of two digits or more, as seconds; none when it is anything else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// Its inverse.
std::string duration_digits(std::chrono::seconds duration);

// The shortest text that reads back as `value`: "24", "0.1", "inf".
std::string number_text(double value);

// "23.1 GB", of 10⁹ bytes.
std::string gigabytes(std::int64_t bytes);

}  // namespace orrery
