// Reading a manifest takes, besides its text, at most four times the memory of the requests in it.
#include <gtest/gtest.h>

#include <cstdio>

#include "app/manifest/manifest.h"
#include "support/heap_peak.h"

namespace orrery {
namespace {

constexpr std::int64_t kFixedBytes = std::int64_t{1} << 18;  // one line as JSON, and the names of fields

template <class Line>
std::string manifest(int lines, Line line) {
  std::string text;
  for (int i = 0; i < lines; ++i) (text += line(std::to_string(i))) += "\n";
  return text;
}

std::int64_t bytes_of(const std::deque<Request>& requests) {
  const HeapPeak copy;
  const std::deque<Request> again = requests;
  return copy.bytes();
}

void expect_bounded(const std::string& what, const std::string& text) {
  const HeapPeak peak;
  const std::deque<Request> requests = parse_manifest(text, "m.jsonl", Request{});
  const std::int64_t held = peak.bytes(), decoded = bytes_of(requests);
  std::printf("%s: %zu requests of %.2f MB from %.2f MB of text: %.2f MB held at most\n", what.c_str(), requests.size(),
              1e-6 * static_cast<double>(decoded), 1e-6 * static_cast<double>(text.size()),
              1e-6 * static_cast<double>(held));
  EXPECT_LE(held, kFixedBytes + 4 * decoded);
}

TEST(ManifestMemory, OfManyLines) {
  constexpr int kLines = 2000;
  expect_bounded("short lines", manifest(kLines, [](const std::string& number) {
                   return R"({"id":")" + number + R"(","prompt":"a"})";
                 }));
  expect_bounded("long prompts", manifest(kLines, [](const std::string& number) {
                   return R"({"id":"clip-of-a-long-name-)" + number + R"(","prompt":")" + std::string(1000, 'a') +
                          R"(","num_frames":17,"seed":)" + number + "}";
                 }));
  expect_bounded("token ids", manifest(kLines, [](const std::string& number) {
                   std::string ids = "1";
                   for (int i = 0; i < 100; ++i) ids += ",1";
                   return R"({"id":")" + number + R"(","prompt_token_ids":[)" + ids + "]}";
                 }));
}

}  // namespace
}  // namespace orrery
