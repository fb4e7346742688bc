#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include "app/cli/options.h"
#include "base/core/choice.h"
#include "base/core/error.h"
#include "base/core/numbers.h"

// How option values are written: read_value stores a text or throws InputError(reason), write_value is its inverse and
// gives nothing for a value that is not set.
namespace orrery {

template <class E>
requires std::is_enum_v<E>
void read_value(const std::string& text, E& target) {
  std::string allowed;
  for (const auto& choice : choices(E{})) {
    if (choice.name == text) {
      target = choice.value;
      return;
    }
    allowed.append(allowed.empty() ? "" : ", ").append(choice.name);
  }
  throw InputError("\"" + text + "\" is not one of " + allowed);
}

template <class Integer>
requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>) void read_value(const std::string& text,
                                                                                        Integer& target) {
  using Limits = std::numeric_limits<Integer>;
  const std::optional<std::int64_t> value = parse_integer(text);
  require_input(value.has_value(), "\"" + text + "\" is not an integer");
  require_input(*value >= std::int64_t{Limits::min()} && *value <= std::int64_t{Limits::max()},
                text + " is outside " + std::to_string(Limits::min()) + " to " + std::to_string(Limits::max()));
  target = static_cast<Integer>(*value);
}

inline void read_value(const std::string& text, double& target) {
  const std::optional<double> value = parse_number(text);
  require_input(value.has_value(), "\"" + text + "\" is not a number");
  target = *value;
}

inline void read_value(const std::string& text, bool& target) {
  require_input(text == "true" || text == "false", "\"" + text + "\" is not one of true, false");
  target = text == "true";
}

inline void read_value(const std::string& text, std::filesystem::path& target) {
  require_input(!text.empty(), "the path is empty");
  target = text;
}

inline void read_value(const std::string& text, std::optional<std::string>& target) { target = text; }

inline void read_value(const std::string& text, std::optional<std::int64_t>& target) {
  read_value(text, target.emplace());
}

inline void read_value(const std::string& text, std::optional<ManifestShard>& target) { target = parse_shard(text); }
inline void read_value(const std::string& text, std::optional<GuidanceInterval>& target) {
  const std::size_t comma = text.find(',');
  const std::optional<double> low = parse_number(text.substr(0, comma));
  const std::optional<double> high = comma == std::string::npos ? std::nullopt : parse_number(text.substr(comma + 1));
  require_input(low && high, "\"" + text + "\" is not LO,HI, two timesteps, for example 400,900");
  target = {*low, *high};
}
inline void read_value(const std::string& text, std::optional<std::chrono::seconds>& target) {
  target = parse_duration(text);
  require_input(target.has_value(), "\"" + text + "\" is not a time as HH:MM:SS, for example 00:30:00");
}

template <class E>
requires std::is_enum_v<E> std::optional<std::string> write_value(E value) { return std::string(choice_name(value)); }

template <class Integer>
requires(std::is_integral_v<Integer> &&
         !std::is_same_v<Integer, bool>) std::optional<std::string> write_value(Integer value) {
  return std::to_string(value);
}

inline std::optional<std::string> write_value(double value) { return number_text(value); }
inline std::optional<std::string> write_value(bool value) { return value ? "true" : "false"; }
inline std::optional<std::string> write_value(const std::filesystem::path& value) {
  return value.empty() ? std::nullopt : std::optional(value.string());
}
inline std::optional<std::string> write_value(const std::optional<std::string>& value) { return value; }
inline std::optional<std::string> write_value(const std::optional<std::int64_t>& value) {
  return value ? write_value(*value) : std::nullopt;
}
inline std::optional<std::string> write_value(const std::optional<ManifestShard>& value) {
  return value ? std::optional(value->text()) : std::nullopt;
}
inline std::optional<std::string> write_value(const std::optional<GuidanceInterval>& value) {
  return value ? std::optional(number_text(value->low) + "," + number_text(value->high)) : std::nullopt;
}
inline std::optional<std::string> write_value(const std::optional<std::chrono::seconds>& value) {
  return value ? std::optional(duration_digits(*value)) : std::nullopt;
}

// "720p", "480p", "256p", or "1280x720"
void read_value(const std::string& text, FrameSize& target);
std::optional<std::string> write_value(const FrameSize& value);

// "step,vae"
void read_value(const std::string& text, std::set<BenchPart>& target);
std::optional<std::string> write_value(const std::set<BenchPart>& value);

}  // namespace orrery
