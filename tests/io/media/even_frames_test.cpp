#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "io/media/media_reader.h"

namespace orrery {
namespace {

struct Shown {
  std::int64_t begin;
  std::int64_t end;
};

// One letter for each tick; "a" is the first picture.
std::string ticks_of(const std::vector<Shown>& pictures) {
  std::size_t at = 0;
  EvenFrames frames([&]() -> std::optional<TimedImage> {
    if (at == pictures.size()) return std::nullopt;
    const auto value = static_cast<std::uint8_t>('a' + at);
    const Shown& shown = pictures[at++];
    return TimedImage{{1, 1, {value, value, value}}, shown.begin, shown.end};
  });
  std::string text;
  for (RgbImage frame; frames.next(frame);) text.push_back(static_cast<char>(frame.rgb.at(0)));
  return text;
}

TEST(EvenFrames, GiveEachTickTheLastPictureThatHasBegun) {
  EXPECT_EQ(ticks_of({}), "");
  EXPECT_EQ(ticks_of({{0, 1}, {1, 2}, {2, 3}}), "abc");
  EXPECT_EQ(ticks_of({{0, 1}, {3, 4}, {4, 7}}), "aaabccc");
  EXPECT_EQ(ticks_of({{0, 1}, {0, 1}, {1, 2}, {1, 2}, {1, 2}}), "be");
}

}  // namespace
}  // namespace orrery
