#pragma once

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

// Conversion of option values: read_value parses a text or throws InputError(reason); write_value is its inverse and
// returns none for a value that is not set.
namespace orrery {

// Throws InputError: `text` is not one of the words in `allowed` ("a, b, c").
[[noreturn]] void refuse_choice(const std::string& text, const std::string& allowed);

// Parses an integer in [low, high]. Throws InputError.
std::int64_t integer_between(const std::string& text, std::int64_t low, std::int64_t high);

template <class T>
concept Choosable = std::is_enum_v<T>;

template <class T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <Choosable E>
void read_value(const std::string& text, E& target) {
  std::string allowed;
  for (const auto& choice : choices(E{})) {
    if (choice.name == text) {
      target = choice.value;
      return;
    }
    allowed.append(allowed.empty() ? "" : ", ").append(choice.name);
  }
  refuse_choice(text, allowed);
}

template <Integer T>
void read_value(const std::string& text, T& target) {
  using Limits = std::numeric_limits<T>;
  target = static_cast<T>(integer_between(text, std::int64_t{Limits::min()}, std::int64_t{Limits::max()}));
}

void read_value(const std::string& text, double& target);
void read_value(const std::string& text, bool& target);
void read_value(const std::string& text, std::filesystem::path& target);
void read_value(const std::string& text, std::optional<std::string>& target);
void read_value(const std::string& text, std::optional<std::int64_t>& target);
void read_value(const std::string& text, std::optional<double>& target);
void read_value(const std::string& text, std::optional<ManifestShard>& target);
// "400,900"
void read_value(const std::string& text, std::optional<GuidanceInterval>& target);
// "3,3"
void read_value(const std::string& text, std::optional<FullPrecisionSteps>& target);
// "HH:MM:SS"
void read_value(const std::string& text, std::optional<std::chrono::seconds>& target);
// "720p", "480p", "256p", or "1280x720"
void read_value(const std::string& text, FrameSize& target);
// "step,vae"
void read_value(const std::string& text, std::set<BenchPart>& target);

template <Choosable E>
std::optional<std::string> write_value(E value) {
  return std::string(choice_name(value));
}

std::optional<std::string> write_value(std::int64_t value);
template <Integer T>
std::optional<std::string> write_value(T value) {
  return write_value(std::int64_t{value});
}

std::optional<std::string> write_value(double value);
std::optional<std::string> write_value(bool value);
std::optional<std::string> write_value(const std::filesystem::path& value);
std::optional<std::string> write_value(const std::optional<std::string>& value);
std::optional<std::string> write_value(const std::optional<std::int64_t>& value);
std::optional<std::string> write_value(const std::optional<double>& value);
std::optional<std::string> write_value(const std::optional<ManifestShard>& value);
std::optional<std::string> write_value(const std::optional<GuidanceInterval>& value);
std::optional<std::string> write_value(const std::optional<FullPrecisionSteps>& value);
std::optional<std::string> write_value(const std::optional<std::chrono::seconds>& value);
std::optional<std::string> write_value(const FrameSize& value);
std::optional<std::string> write_value(const std::set<BenchPart>& value);

}  // namespace orrery
