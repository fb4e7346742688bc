// Reading the header of a safetensors file takes less than four times the memory of its text.
#include <gtest/gtest.h>

#include <cstdio>

#include "io/checkpoint/safetensors_header.h"
#include "support/heap_peak.h"
#include "write_checkpoint.h"

namespace orrery {
namespace {

constexpr std::int64_t kFixedBytes = std::int64_t{1} << 18;  // the file's buffer, and messages

// A header member: `name` and a tensor without values.
std::string member(const std::string& name, const std::string& dtype, const std::string& shape) {
  return '"' + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[0,0]})";
}

// A header of `count` members; make(i) returns member i.
template <class Make>
std::string header(int count, Make make) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ",";
    text += make(std::to_string(i));
  }
  return text += "}";
}

void expect_bounded(const std::string& what, const std::string& header, bool is_refused = false) {
  SCOPED_TRACE(what);
  const TemporaryFolder folder;
  const InputFile file(folder.write("m.safetensors", with_header(header, "")));
  const HeapPeak peak;
  bool refused = false;
  try {
    read_safetensors_header(file);
  } catch (const InputError&) {
    refused = true;
  }
  const auto size = static_cast<double>(header.size());
  std::printf("%s: %.2f times %.2f MB\n", what.c_str(), static_cast<double>(peak.bytes()) / size, 1e-6 * size);
  EXPECT_EQ(refused, is_refused);
  EXPECT_LE(peak.bytes(), kFixedBytes + 4 * std::ssize(header));
}

TEST(HeaderMemory, OfManyTensors) {
  expect_bounded("long names", header(5000, [](const std::string& number) {
                   return member("model.layers." + number + ".self_attn.q_proj.weight", "BF16", "[0,4096,32]");
                 }));
  expect_bounded("short names", header(10'000, [](const std::string& number) { return member(number, "I8", "[0]"); }));
}

TEST(HeaderMemory, OfWhatIsNoTensor) {
  expect_bounded("metadata", R"({"__metadata__":)" + header(50'000, [](const std::string& number) {
                               return '"' + number + R"(":"")";
                             }) + "}");
  std::string list = "[1";
  for (int i = 0; i < 500'000; ++i) list += ",1";
  list += "]";
  expect_bounded("a shape without end", header(1, [&](const std::string&) { return member("w", "F32", list); }), true);
  expect_bounded("a key without end", R"({"w":{"other":)" + list + "}}", true);
}

}  // namespace
}  // namespace orrery
