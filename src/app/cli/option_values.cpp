#include "app/cli/option_values.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/core/error.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

struct NamedSize {
  std::string_view name;
  FrameSize size;
};

// The published settings (MODEL.md §9).
constexpr std::array kSizes{NamedSize{"720p", {1280, 720}}, NamedSize{"480p", {832, 480}},
                            NamedSize{"256p", {320, 192}}};

}  // namespace

void refuse_choice(const std::string& text, const std::string& allowed) {
  throw InputError(fmt::format("\"{}\" is not one of {}", text, allowed));
}

std::int64_t integer_between(const std::string& text, std::int64_t low, std::int64_t high) {
  const std::optional<std::int64_t> value = parse_integer(text);
  require_input(value.has_value(), fmt::format("\"{}\" is not an integer", text));
  require_input(low <= *value && *value <= high, fmt::format("{} is outside {} to {}", text, low, high));
  return *value;
}

void read_value(const std::string& text, double& target) {
  const std::optional<double> value = parse_number(text);
  require_input(value.has_value(), fmt::format("\"{}\" is not a number", text));
  target = *value;
}

void read_value(const std::string& text, bool& target) {
  if (text != "true" && text != "false") refuse_choice(text, "true, false");
  target = text == "true";
}

void read_value(const std::string& text, std::filesystem::path& target) {
  require_input(!text.empty(), "the path is empty");
  target = text;
}

void read_value(const std::string& text, std::optional<std::string>& target) { target = text; }

void read_value(const std::string& text, std::optional<std::int64_t>& target) { read_value(text, target.emplace()); }

void read_value(const std::string& text, std::optional<double>& target) { read_value(text, target.emplace()); }

void read_value(const std::string& text, std::optional<ManifestShard>& target) { target = parse_shard(text); }

void read_value(const std::string& text, std::optional<GuidanceInterval>& target) {
  const std::size_t comma = text.find(',');
  const std::optional<double> low = parse_number(text.substr(0, comma));
  const std::optional<double> high = comma == std::string::npos ? std::nullopt : parse_number(text.substr(comma + 1));
  require_input(low && high, fmt::format("\"{}\" is not LO,HI, two timesteps, for example 400,900", text));
  target = {*low, *high};
}

void read_value(const std::string& text, std::optional<FullPrecisionSteps>& target) {
  constexpr std::int64_t kMost = 1000;
  const std::size_t comma = text.find(',');
  require_input(comma != std::string::npos,
                fmt::format("\"{}\" is not A,B, the first and the last steps, for example 3,3", text));
  target = {integer_between(text.substr(0, comma), 0, kMost), integer_between(text.substr(comma + 1), 0, kMost)};
}

void read_value(const std::string& text, std::optional<std::chrono::seconds>& target) {
  target = parse_duration(text);
  require_input(target.has_value(), fmt::format("\"{}\" is not a time as HH:MM:SS, for example 00:30:00", text));
}

void read_value(const std::string& text, FrameSize& target) {
  for (const NamedSize& named : kSizes) {
    if (named.name == text) {
      target = named.size;
      return;
    }
  }
  const std::size_t cross = text.find('x');
  const auto width = parse_integer(text.substr(0, cross));
  const auto height = cross == std::string::npos ? std::nullopt : parse_integer(text.substr(cross + 1));
  require_input(width && height, fmt::format("\"{}\" is not a size: expected 720p, 480p, 256p or WIDTHxHEIGHT", text));
  target = {*width, *height};
}

void read_value(const std::string& text, std::set<BenchPart>& target) {
  std::set<BenchPart> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(',', begin);
    BenchPart part{};
    read_value(text.substr(begin, end == std::string::npos ? end : end - begin), part);
    parts.insert(part);
  }
  target = std::move(parts);
}

std::optional<std::string> write_value(std::int64_t value) { return fmt::to_string(value); }
std::optional<std::string> write_value(double value) { return number_text(value); }
std::optional<std::string> write_value(bool value) { return value ? "true" : "false"; }

std::optional<std::string> write_value(const std::filesystem::path& value) {
  return value.empty() ? std::nullopt : std::optional(value.string());
}

std::optional<std::string> write_value(const std::optional<std::string>& value) { return value; }

std::optional<std::string> write_value(const std::optional<std::int64_t>& value) {
  return value ? write_value(*value) : std::nullopt;
}

std::optional<std::string> write_value(const std::optional<double>& value) {
  return value ? write_value(*value) : std::nullopt;
}

std::optional<std::string> write_value(const std::optional<ManifestShard>& value) {
  return value ? std::optional(value->text()) : std::nullopt;
}

std::optional<std::string> write_value(const std::optional<GuidanceInterval>& value) {
  return value ? std::optional(number_text(value->low) + "," + number_text(value->high)) : std::nullopt;
}

std::optional<std::string> write_value(const std::optional<FullPrecisionSteps>& value) {
  return value ? std::optional(fmt::format("{},{}", value->first, value->last)) : std::nullopt;
}

std::optional<std::string> write_value(const std::optional<std::chrono::seconds>& value) {
  return value ? std::optional(duration_digits(*value)) : std::nullopt;
}

std::optional<std::string> write_value(const FrameSize& value) {
  return fmt::format("{}x{}", value.width, value.height);
}

std::optional<std::string> write_value(const std::set<BenchPart>& value) {
  std::string text;
  for (const BenchPart part : value) text.append(text.empty() ? "" : ",").append(choice_name(part));
  return text;
}

}  // namespace orrery
