#include <array>

#include "app/cli/option_values.h"

namespace orrery {
namespace {

struct NamedSize {
  std::string_view name;
  FrameSize size;
};

// MODEL.md §9: the published settings.
constexpr std::array kSizes{NamedSize{"720p", {1280, 720}}, NamedSize{"480p", {832, 480}},
                            NamedSize{"256p", {320, 192}}};

}  // namespace

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
  require_input(width && height, "\"" + text + "\" is not a size: expected 720p, 480p, 256p or WIDTHxHEIGHT");
  target = {*width, *height};
}

std::optional<std::string> write_value(const FrameSize& value) {
  return std::to_string(value.width) + "x" + std::to_string(value.height);
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

std::optional<std::string> write_value(const std::set<BenchPart>& value) {
  std::string text;
  for (const BenchPart part : value) text.append(text.empty() ? "" : ",").append(write_value(part).value());
  return text;
}

}  // namespace orrery
